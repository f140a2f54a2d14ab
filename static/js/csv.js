/** CSV (RFC 4180, UTF-8) to rows of column -> text. */
export function parseCsv(text) {
  const [header = [], ...lines] = readLines(text.replace(/^\uFEFF/, ''));
  const columns = header.map((column) => column.trim());
  return lines.map((cells) => Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ''])));
}

function readLines(text) {
  const lines = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|\n|\r|$)/y;
  let cells = [];
  while (field.lastIndex < text.length) {
    const [, quoted, plain, end] = field.exec(text);
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',' && field.lastIndex < text.length) continue;
    if (end === ',') cells.push('');
    if (cells.some((cell) => cell !== '')) lines.push(cells);
    cells = [];
  }
  return lines;
}
