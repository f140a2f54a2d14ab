/** The forms on this phone; which ones it should have is asked and fetched in rooms/sync/catalogue.js. */
import { get } from './store.js';

/** A stored form and its CSV files: { form, files: { filename: text } }; null when this phone doesn't have it. */
export async function findForm(hash) {
  const stored = await get('forms', hash);
  if (!stored) return null;
  const files = {};
  for (const { filename, sha256 } of stored.datasets) files[filename] = await get('datasets', sha256);
  return { form: stored.form, files };
}
