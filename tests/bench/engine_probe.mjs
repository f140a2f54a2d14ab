// What bench_engine.py measures of the phone's engine, the same under Node and in Chromium: milliseconds per piece of work.

import { Interview } from '../../static/js/engine/interview.js';
import { loadFamilies } from '../../static/js/engine/library.js';

const clone = (form) => JSON.parse(JSON.stringify(form));

function timed(run) {
  const started = performance.now();
  run();
  return performance.now() - started;
}

/** An answer, and the states of the page that it is on, as a view would ask for them. */
function answered(interview, ref, value, page) {
  return timed(() => {
    interview.answer(ref, value);
    for (const each of page) {
      const state = interview.state(each);
      [state.value, state.relevant, state.required, state.valid, state.label].join();
    }
  });
}

const PROBES = {
  openingPerception({ perception, datasets }) {
    return Array.from({ length: 15 }, () => timed(() => new Interview(clone(perception), { datasets: { ...datasets } }).questions()));
  },
  answerAmong500({ wide }) {
    const interview = new Interview(wide);
    const page = Array.from({ length: 10 }, (_, i) => `/data/g${i % 5}/q${i % 5}_${i}`).filter((ref) => interview.instance.find(ref));
    return Array.from({ length: 200 }, (_, i) => answered(interview, `/data/g${i % 20}/q${i % 20}_${i % 3}`, String(i % 7), page));
  },
  gateOf25Questions({ wide }) {
    const interview = new Interview(wide);
    const page = Array.from({ length: 25 }, (_, i) => `/data/g3/q3_${i}`);
    return Array.from({ length: 100 }, (_, i) => answered(interview, '/data/gate', String(i % 2), page));
  },
  answerInRepeatOf100({ long }) {
    const interview = new Interview(long);
    interview.answer('/data/n', '100');
    const page = Array.from({ length: 10 }, (_, i) => `/data/r[50]/q${i}`);
    return Array.from({ length: 200 }, (_, i) => answered(interview, `/data/r[${1 + (i * 37) % 100}]/q${i % 5}`, String(i), [...page, '/data/total']));
  },
  growingRepeatTo100({ long }) {
    return Array.from({ length: 10 }, () => {
      const interview = new Interview(long);
      return timed(() => interview.answer('/data/n', '100'));
    });
  },
  cascadeOf40000({ cascade, choices }) {
    const interview = new Interview(cascade, { datasets: choices });
    return Array.from({ length: 60 }, (_, i) => timed(() => {
      interview.answer('/data/municipality', `m${i % 50}`);
      if (interview.state('/data/place').choices.length !== 800) throw new Error('The cascade is wrong.');
    }));
  },
  restoringDraftOfPerception({ perception, datasets }) {
    const draft = new Interview(perception, { datasets }).serialize();
    return Array.from({ length: 20 }, () => timed(() => new Interview(perception, { datasets, instance: draft })));
  },
};

/** @param {object} forms the forms and data sets that bench_engine.py made @returns {Record<string, number[]>} */
export async function probe(forms) {
  await loadFamilies();
  return Object.fromEntries(Object.entries(PROBES).map(([name, run]) => [name, run(forms)]));
}

if (typeof process !== 'undefined' && process.argv[2]) {
  const { readFileSync } = await import('node:fs');
  console.log(JSON.stringify(await probe(JSON.parse(readFileSync(process.argv[2], 'utf8')))));
}
