/** Looks again every second while something is being made, and loads the page anew once it is done. */

const waiting = document.querySelector("[data-wait]");

async function look() {
  try {
    const answer = await fetch(waiting.dataset.wait, { cache: "no-store", headers: { Accept: "text/html" } });
    if (answer.ok && (await answer.text()).includes("data-wait=")) return;
    location.reload();
    clearInterval(timer);
  } catch {
    // No network for a moment: the next look will tell.
  }
}

const timer = setInterval(look, 1000);
