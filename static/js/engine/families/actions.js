// The actions of a form at events: setvalue, and what the app records in the background.

import { PARTS } from '../library.js';
import { stored } from '../types.js';

/** Run the actions that pass, for the nodes near the one that caused them. */
PARTS.act = ({ prepared, recalculation, instance, env }, onAction, wanted, near) => {
  for (const action of prepared.actions.filter(wanted)) {
    for (const node of targets(action, near, instance, recalculation)) {
      if (action.kind === 'setvalue') {
        const value = action.value ? recalculation.evaluate(action.value, node, '') : '';
        recalculation.setValue(node, stored(value, prepared.binds.get(node.ref)?.type, env.zone));
      } else onAction?.(action.kind, instance.pathOf(node));
    }
    recalculation.run();
  }
};

function targets({ ref, target }, near, instance, recalculation) {
  if (target) return recalculation.evaluate(target, near ?? instance.root, []);
  return near ? instance.near(ref, near) : instance.nodes(ref);
}
