// What happens by itself in an interview: values that are known at its start and end, and the form's actions at events.

import { DAY, atHome, dateOf, formatMoment } from './dates.js';
import { PARTS } from './library.js';
import { uuid } from './functions.js';

export class Events {
  /** @param {import('./interview.js').Interview} interview @param {{properties?: object, onAction?: function}} options */
  constructor(interview, { properties = {}, onAction }) {
    Object.assign(this, { interview, properties, onAction });
    this.waiting = null; // nodes whose change actions haven't heard of; null while the interview opens
  }

  /** Fill in what is known when an interview starts. */
  start() {
    for (const bind of this.interview.prepared.binds.values()) this.preload(bind, 'start');
    this.setInstanceId();
  }

  /** Fill in what is known when it is finished. */
  end(instanceId) {
    for (const bind of this.interview.prepared.binds.values()) this.preload(bind, 'end');
    const { recalculation, env } = this.interview;
    const ended = this.meta('timeEnd');
    if (ended) recalculation.setValue(ended, formatMoment(env.now(), env.zone));
    this.setInstanceId(instanceId);
  }

  opened(fresh) {
    if (fresh) this.act((action) => action.events.includes('odk-instance-first-load'));
    this.act((action) => action.events.includes('odk-instance-load'));
  }

  /** From now on changes of values are told to actions. */
  listen() {
    this.waiting = [];
  }

  changed(node) {
    this.waiting?.push(node);
  }

  /** Run the actions that wait for a value to change. @returns {boolean} whether any value had */
  runWaiting() {
    const changed = this.waiting?.splice(0) ?? [];
    for (const node of changed) {
      this.act((action) => action.source === node.ref && action.events.includes('xforms-value-changed'), node);
    }
    return changed.length > 0;
  }

  /** An instance of a repeat was added. */
  added(ref, node) {
    this.act((action) => action.events.includes('odk-new-repeat')
      && (action.source === ref || !action.source && action.ref.startsWith(`${ref}/`)), node);
  }

  act(wanted, near) {
    if (this.interview.prepared.actions.length) PARTS.act(this.interview, this.onAction, wanted, near);
  }

  preload({ ref, preload, preload_params: what }, moment) {
    const value = preload && this.preloaded(preload, what ?? '', moment);
    if (!value) return;
    const { instance, recalculation } = this.interview;
    for (const node of instance.nodes(ref)) recalculation.setValue(node, value);
  }

  preloaded(preload, what, moment) {
    const { env } = this.interview;
    const now = env.now();
    if (preload === 'timestamp' && what === moment) return formatMoment(now, env.zone);
    if (moment !== 'start') return '';
    if (preload === 'date') return dateOf(atHome(env, now) / DAY);
    if (preload === 'uid') return `uuid:${uuid(env)}`;
    return preload === 'property' ? String(this.properties[what.replace(/\s+/g, '').toLowerCase()] ?? '') : '';
  }

  meta(name) {
    return this.interview.instance.root.named('meta')[0]?.named(name)[0];
  }

  setInstanceId(id) {
    const node = this.meta('instanceID');
    if (node && (id || !node.text)) this.interview.recalculation.setValue(node, id ?? `uuid:${uuid(this.interview.env)}`);
  }
}
