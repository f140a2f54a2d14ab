/** Tick all lines of a table at once: a box in its head, for those who have scripts. */
for (const place of document.querySelectorAll('[data-all]')) {
  const boxes = [...place.closest('table').querySelectorAll('tbody input[type=checkbox]')];
  const all = Object.assign(document.createElement('input'), { type: 'checkbox' });
  all.setAttribute('aria-label', place.dataset.all);
  all.addEventListener('change', () => boxes.forEach((box) => { box.checked = all.checked; }));
  place.append(all);
}
