// The engine on the command line, under Node: expressions and whole-form scenarios from JSON on standard input, results as
// JSON on standard output. `survey-server xpath` and `survey-server scenario` with --engine browser run this; the
// phone never loads it.
//   node cli.mjs xpath     [{id, tree, xml?, context?, ns?, now?, tz?, lang?, as?}]
//   node cli.mjs scenario  [{id, form, files?, last_saved?, now?, tz?, steps}]
// With --lines, every line of input is such a list and is answered by a line.

import { createInterface } from 'node:readline';
import { compile, contextOf, environment } from './evaluate.js';
import { PARTS, loadFamilies } from './library.js';
import { momentOf, runScenario } from './scenario.mjs';
import { toBoolean, toNumber, toText } from './values.js';
import { zoneOf } from './dates.js';

const shown = (x) => (Number.isFinite(x) && !Object.is(x, -0) ? x : Object.is(x, -0) ? '-0' : String(x));

function answer(value) {
  if (typeof value === 'number') return { type: 'number', value: shown(value) };
  if (typeof value !== 'object') return { type: typeof value, value };
  return { type: 'nodes', value: value.map((node) => ({ path: node.path, text: node.value })) };
}

const AS = { boolean: toBoolean, string: toText, number: toNumber, nodes: (value) => value };

function evaluateCase({ id, tree, error, xml, context, contextTree, ns = {}, now, tz = 'UTC', lang, as }) {
  try {
    if (error) return { id, error };
    const document = PARTS.xml(xml ?? '<data/>', { keepSpace: true });
    const env = environment({ zone: zoneOf(tz), language: lang ?? '', ...(now && { now: () => momentOf(now, tz) }) });
    const start = contextTree ? compile(contextTree, { ns })(contextOf(document, env))[0] : document;
    if (!start) return { id, error: `${context} finds no node.` };
    const value = compile(tree, { ns })(contextOf(start, env));
    if (as === 'nodes' && typeof value !== 'object') return { id, error: 'The value is not a list of nodes.' };
    return { id, ...answer(as ? AS[as](value, env.zone) : value) };
  } catch (problem) {
    return { id, error: problem.message };
  }
}

await loadFamilies();
const RUN = { xpath: evaluateCase, scenario: runScenario };
const run = (text) => JSON.stringify(JSON.parse(text).map(RUN[process.argv[2]]));

process.stdin.setEncoding('utf8');
if (process.argv.includes('--lines')) {
  for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${run(line)}\n`);
} else {
  let input = '';
  for await (const chunk of process.stdin) input += chunk;
  process.stdout.write(run(input));
}
