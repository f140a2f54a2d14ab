/** Looks again every second while something is being made, shows how far it is, and loads the page once it is done. */

const waiting = document.querySelector("[data-wait]");

async function look() {
  try {
    const answer = await fetch(waiting.dataset.wait, { cache: "no-store", headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-wait]");
    if (answer.ok && now) return show(now);
    location.reload();
    clearInterval(timer);
  } catch {
    // No network for a moment: the next look will tell.
  }
}

function show(now) {
  waiting.querySelector("[role=status]").textContent = now.querySelector("[role=status]").textContent;
  const [mine, theirs] = [waiting, now].map((each) => each.querySelector("progress"));
  for (const name of ["value", "max"]) {
    if (theirs.hasAttribute(name)) mine.setAttribute(name, theirs.getAttribute(name));
  }
}

const timer = setInterval(look, 1000);
