/**
 * A file that a camera or a chooser has just given, until it is kept: should the phone lock meanwhile (a film takes longer
 * than the lock waits), it is taken up when the question shows again after the PIN. In memory only, one at a time.
 */
let picked = null;

/** `file` was given for a question of a draft by the picker `kind`. */
export function hold(draft, ref, kind, file) {
  picked = { draft, ref, kind, file, taken: false };
}

/** The file that waits for this picker, once; null when there is none. */
export function waitingFor(draft, ref, kind) {
  if (!picked || picked.taken || picked.draft !== draft || picked.ref !== ref || picked.kind !== kind) return null;
  picked.taken = true;
  return picked.file;
}

/** The phone locked before it was kept: it waits again. */
export function putBack() {
  if (picked) picked.taken = false;
}

/** It is kept, or refused with a word. */
export function letGo() {
  picked = null;
}
