"""What a finger does on the phone, as scripts that answer how long it took from the touch to the painted frame."""

from __future__ import annotations

PAINTED = """
const painted = () => new Promise((resolve) => requestAnimationFrame(() => {
  const line = new MessageChannel();
  line.port1.onmessage = () => resolve(performance.now());
  line.port2.postMessage(0);
}));
const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
"""
TYPE = (
    "async ([times, more]) => {"
    + PAINTED
    + """
  const taken = [];
  for (let turn = 0; turn < times; turn++) {
    const field = document.querySelector('form.questions .control input');
    await nextFrame();
    const begun = performance.now();
    field.value = String(turn % more);
    field.dispatchEvent(new Event('input', { bubbles: true }));
    const line = new MessageChannel();
    const done = new Promise((resolve) => { line.port1.onmessage = () => resolve(performance.now()); });
    line.port2.postMessage(0);
    taken.push((await done) - begun);
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  return taken;
}"""
)
TAP = (
    "async (selector) => {"
    + PAINTED
    + """
  await nextFrame();
  const begun = performance.now();
  document.querySelector(selector).click();
  return (await painted()) - begun;
}"""
)
TURN = (
    "async () => {"
    + PAINTED
    + """
  const form = document.querySelector('form.questions');
  const before = form.dataset.page;
  await nextFrame();
  const begun = performance.now();
  document.querySelector('footer nav button.main').click();
  while (form.dataset.page === before) await new Promise((resolve) => setTimeout(resolve));
  return (await painted()) - begun;
}"""
)
WALK = (
    "async (pages) => {"
    + PAINTED
    + """
  const answers = [];
  const turns = [];
  const shown = () => document.querySelector('form.questions').dataset.page;
  const tap = async (act) => {
    await nextFrame();
    const begun = performance.now();
    act();
    return (await painted()) - begun;
  };
  const type = (field) => {
    field.value = '21';
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };
  for (let page = shown(); answers.length < pages; page = shown()) {
    document.querySelector('form.questions button.fold.is-blank')?.click();
    const choice = document.querySelector('form.questions label.choice input, dialog.sheet label.choice input');
    const field = document.querySelector('form.questions .control :is(input, textarea):not([type=search])');
    if (choice) answers.push(await tap(() => choice.click()));
    else if (field) answers.push(await tap(() => type(field)));
    document.querySelector('dialog.sheet')?.close();
    await new Promise((resolve) => setTimeout(resolve, 120));
    const begun = performance.now();
    document.querySelector('footer nav button.main').click();
    while (shown() === page && performance.now() - begun < 3000) await new Promise((resolve) => setTimeout(resolve));
    if (shown() === page) break;
    turns.push((await painted()) - begun);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  return [answers, turns];
}"""
)
OPEN = (
    "async (form) => {"
    + PAINTED
    + """
  await nextFrame();
  const begun = performance.now();
  location.hash = `#/fill/new:${form}`;
  const there = () => document.querySelector('form.questions section.question');
  while (!there()) await new Promise((resolve) => setTimeout(resolve));
  return (await painted()) - begun;
}"""
)
SEARCH = (
    "async (text) => {"
    + PAINTED
    + """
  const field = document.querySelector('input[type=search]');
  await nextFrame();
  const begun = performance.now();
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  return (await painted()) - begun;
}"""
)
