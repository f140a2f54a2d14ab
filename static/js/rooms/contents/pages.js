/** The pages of an interview that ask nothing: after a repeat, and the end. */
export { endPage } from './end.js';
export { repeatPage } from './repeat.js';
