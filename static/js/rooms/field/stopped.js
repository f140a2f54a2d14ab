/** While work is stopped somewhere: forms that begin don't offer the sites there, and where all is stopped none begins. */
import { readOffice } from './log.js';
import './texts.js';

const ALWAYS = ['ssr_checkin', 'ssr_restricted'];

/** `files` without the rows of stopped sites, but for the one labelled `own`; null when this form may not begin at all. */
export async function withoutStopped(formId, files, own = '') {
  const { stop_work: stops } = await readOffice();
  if (ALWAYS.includes(formId)) return files;
  if (stops.some(({ level }) => level === 'programme')) return null;
  const codes = new Set(stops.flatMap(({ sites }) => sites));
  if (codes.size === 0) return files;
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, name.endsWith('.csv') ? without(text, codes, own) : text]));
}

function without(text, codes, own) {
  const end = text.indexOf('\n');
  const place = text.slice(0, end).replace(/^\ufeff/, '').trim().split(',').indexOf('name');
  if (place < 0) return text;
  return text.split('\n').filter((line, row) => row === 0 || (own && line.includes(own)) || !codes.has(line.split(',')[place]?.replace(/^"|"$/g, ''))).join('\n');
}
