/** The planner answers while somebody types: the same page is asked for, and its table takes the place of the old one. */

const form = document.querySelector("[data-live=planner]");
const place = document.getElementById("planner");
let timer = null;
let asking = null;

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const address = `?${new URLSearchParams(new FormData(form))}`;
  try {
    const answer = await fetch(address, { signal: asking.signal, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("planner");
    if (!fresh) return;
    place.replaceChildren(...fresh.childNodes);
    history.replaceState(null, "", address);
  } catch {
    // No network, or another question has been asked meanwhile: what is shown stays.
  }
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, 250);
});
