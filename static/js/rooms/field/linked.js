/**
 * Runs beside an interview that belongs to the fieldwork and notes, when it is finished, what the next step needs: the
 * result of a visit, that a case is interviewed, when the team has promised its next check-in. Never an answer beyond these.
 */
import { forget, note, recall } from './log.js';

const CHECK_IN = 'ssr_checkin';

/** The companion of a filling. */
export function companion(filling) {
  return { finishing: () => finishing(filling).catch(() => {}) }; // whatever fails here, the interview is finished all the same
}

async function finishing(filling) {
  const { id, form, wave } = filling.draft;
  const value = (name) => {
    const bind = filling.form.binds.find(({ ref }) => ref.endsWith(`/${name}`));
    return bind ? filling.interview.state(bind.ref).value : '';
  };
  if (form === CHECK_IN) await note('check-in', { at: new Date().toISOString(), next: value('next_chk'), status: value('status') });
  const link = await recall(`links/${id}`);
  if (!link) return;
  if (link.kind === 'contact') {
    const [site, dwelling] = [value('psu') || link.site, Number(value('dwelling')) || link.dwelling];
    const visit = { site, dwelling, wave, attempt: Number(value('attempt')), disp: value('disp'), appt: value('appt') };
    await note(`visit/${id}`, { ...visit, case: link.case, next: link.next });
  }
  if (link.kind === 'interview') await note(`done/${id}`, { case: link.case, site: link.site, dwelling: link.dwelling, wave });
  if (link.kind === 'encounter') {
    const watch = await recall('watch');
    if (watch) await note('watch', { ...watch, encounters: Math.max(watch.encounters, link.number), next: Math.max(watch.next, link.number + 1) });
  }
  await forget(`links/${id}`);
}
