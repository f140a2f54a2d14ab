/** Say which files were chosen where none has to be: the browser would say "no file" in a language of its own. */
for (const field of document.querySelectorAll('.pick > input:not([required])')) {
  const told = document.createElement('output');
  const tell = () => { told.textContent = [...field.files].map((file) => file.name).join(', '); };
  field.classList.add('told');
  field.after(told);
  field.addEventListener('change', tell);
  tell();
}
