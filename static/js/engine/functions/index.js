// The function library: name to [least arguments, most arguments, run, special].
// run(context, ...values) by default; special 'lazy': run(context, ...closures); 'trees': run(trees, compile) answers
// the closure itself. A file per family; a test holds the names equal to the server's.

import { CORE } from './core.js';
import { DATES } from './time.js';
import { GEOGRAPHY } from './geography.js';
import { NODES } from './lists.js';
import { NUMBERS } from './numbers.js';
import { TEXTS } from './texts.js';

export const FUNCTIONS = { ...CORE, ...DATES, ...GEOGRAPHY, ...NODES, ...NUMBERS, ...TEXTS };
