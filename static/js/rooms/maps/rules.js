/**
 * Where an interview may ask for a place, by the office's rules: at a site only one point, and only by a question that
 * somebody answers; at sites where positions are off nothing at all; what the site is has to be known first. Interviews that
 * name no site follow the programme's rule. What may not be asked has no page, and what was taken before is blanked.
 */
import { get } from '../../store.js';

const POINT = 'geopoint';

/** Hold `filling` to the rules that the office told this phone. */
export async function holdToRules(filling) {
  const { gps } = (await get('meta', 'catalogue'))?.policies ?? {};
  const rules = new Rules(filling, { elsewhere: gps?.elsewhere ?? 'free', none: new Set(gps?.none) });
  filling.rules = rules;
  rules.look();
}

class Rules {
  #rule = 'free';

  constructor(filling, { elsewhere, none }) {
    const { form } = filling;
    const acted = new Set((form.actions ?? []).filter(({ kind }) => kind === 'setgeopoint').map(({ ref }) => ref));
    Object.assign(this, { filling, elsewhere, none, site: form.parts?.site });
    this.places = form.binds.filter(({ type }) => type?.startsWith('geo')).map(({ ref, type }) => ({ ref, once: type === POINT && !acted.has(ref) }));
    this.refs = new Map(this.places.map((place) => [place.ref, place]));
  }

  /** May the phone find out by itself where it is (background places, places in the audit log)? */
  get mayFollow() {
    return this.#rule === 'free';
  }

  /** Is the question with this plain path left out now? */
  withholds(ref) {
    const place = this.refs.get(ref);
    return Boolean(place) && (this.#rule === 'psu_point' ? !place.once : this.#rule !== 'free');
  }

  /** Something was answered: another site may have another rule. True when questions come or go for it. */
  look() {
    const before = this.#rule;
    this.#rule = this.#read();
    if (before === this.#rule) return false;
    const { interview } = this.filling;
    for (const { ref } of this.places.filter((place) => this.withholds(place.ref))) {
      for (const node of interview.instance.nodes(ref)) if (node.text) interview.answer(interview.instance.pathOf(node), '');
    }
    return true;
  }

  #read() {
    const node = this.site ? this.filling.interview.instance.nodes(this.site)[0] : null;
    if (!node?.relevant) return this.elsewhere;
    if (node.text === '') return 'unknown';
    return this.none.has(node.text) ? 'none' : 'psu_point';
  }
}
