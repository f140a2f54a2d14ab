/** How large a file of an interview may be: what the office's server takes, as it told this phone. */
import { get } from '../../store.js';

const USUAL = 32 * 1024 * 1024;
let told = USUAL;

/** Ask what this phone was told; once the room is open, `limitOf` knows. */
export async function readLimit() {
  const { max_media_bytes: most } = (await get('meta', 'catalogue'))?.programme ?? {};
  told = Number.isFinite(most) && most > 0 ? most : USUAL;
}

export function limitOf() {
  return told;
}

readLimit().catch(() => {});
