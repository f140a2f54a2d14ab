/** What runs beside an interview when its form asks for it: the audit log and the recording in the background. */
import './texts.js';
import { addStyle } from '../../h.js';
import { get } from '../../store.js';
import { beforeLock } from '../../vault.js';
import { Background } from './background.js';
import { openTrail } from './trail.js';

export async function begin({ filling, signal, page, audit, sound, resumed }) {
  await addStyle('media');
  const device = await get('meta', 'device');
  const companions = filling.companions ??= [];
  if (sound) companions.push(new Background({ filling, signal, page, sound }));
  if (audit) await openTrail({ filling, signal, bind: audit, device, resumed });
  beforeLock(() => Promise.all(companions.map((each) => each.leaving())), signal);
}
