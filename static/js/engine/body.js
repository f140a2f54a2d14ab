// The body of a form laid over an instance: questions, groups and repeats with the paths that they have now.

/** @param {import('./interview.js').Interview} interview */
export function walkBody(interview) {
  const { instance, prepared } = interview;
  const questions = [];

  const place = (control, context, groups) => {
    const nodes = control.ref ? instance.near(control.ref, context) : [context];
    if (control.kind === 'group') {
      const around = !control.ref || prepared.repeats.has(control.ref);
      const node = around ? context : nodes[0];
      return node ? [opened(control, node, groups, around)] : [];
    }
    if (control.kind === 'repeat') return [repeated(control, nodes, context, groups)];
    return nodes.slice(0, 1).map((node) => {
      const question = { ref: instance.pathOf(node), control, bind: prepared.binds.get(node.ref) ?? {}, relevant: node.relevant, groups, node };
      questions.push(question);
      return question;
    });
  };

  const opened = (control, node, groups, around) => {
    const entry = { ref: instance.pathOf(node), control, relevant: node.relevant, around, groups, children: [] };
    entry.children = (control.children ?? []).flatMap((child) => place(child, node, [...groups, entry]));
    return entry;
  };

  const repeated = (control, nodes, context, groups) => {
    const entry = { ref: repeatPath(control, context), control, relevant: context.relevant, groups, children: [] };
    entry.children = nodes.map((node) => opened(control, node, [...groups, entry], false));
    return entry;
  };

  const repeatPath = (control, context) => {
    const parent = control.ref.slice(0, control.ref.lastIndexOf('/'));
    const [node] = instance.near(parent, context);
    return node ? `${instance.pathOf(node)}${control.ref.slice(parent.length)}` : control.ref;
  };

  const tree = (interview.form.body ?? []).flatMap((control) => place(control, instance.root, []));
  return { tree, questions };
}
