// Data beside a form: CSV text to rows, GeoJSON to rows, and rows as nodes that are only made when they are looked at.

import { ELEMENT, ROOT, Node, named } from './nodes.js';

/**
 * CSV (RFC 4180; a semicolon is the separator if the heading has more of them than commas).
 * @param {string} text @returns {Record<string, string>[]} column to cell
 */
export function readCsv(text) {
  const source = text.replace(/^\ufeff/, '');
  const heading = /^[^\r\n]*/.exec(source)[0];
  const lines = cells(source, heading.split(';').length > heading.split(',').length ? ';' : ',');
  const columns = (lines.shift() ?? []).map((name) => name.trim());
  return lines.filter((line) => line.some((cell) => cell.trim())).map((line) => {
    const row = {};
    for (let i = 0; i < columns.length; i++) if (columns[i]) row[columns[i]] = line[i] ?? '';
    return row;
  });
}

function cells(text, separator) {
  const lines = [];
  let line = [];
  for (let at = 0; at < text.length;) {
    let cell, end;
    if (text[at] === '"') {
      for (end = text.indexOf('"', at + 1); end >= 0 && text[end + 1] === '"'; end = text.indexOf('"', end + 2));
      if (end < 0) end = text.length;
      cell = text.slice(at + 1, end).replaceAll('""', '"');
      end++;
    } else {
      for (end = at; end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r'; end++);
      cell = text.slice(at, end);
    }
    line.push(cell);
    if (text[end] === separator) {
      at = end + 1;
      if (at < text.length && text[at] !== '\n' && text[at] !== '\r') continue;
      line.push('');
      end = at;
    }
    at = end + (text[end] === '\r' && text[end + 1] === '\n' ? 2 : 1);
    lines.push(line);
    line = [];
  }
  return lines;
}

const cellOf = (value) => (value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value));

/** The features of a GeoJSON collection as rows: properties, id, and geometry as ODK writes places. */
export function readGeoJson(text) {
  const point = ([longitude, latitude]) => `${latitude} ${longitude} 0 0`;
  const line = (points) => points.map(point).join('; ');
  const write = { Point: point, LineString: line, Polygon: (rings) => line(rings[0]) };
  return JSON.parse(text).features.map(({ id, properties, geometry }) => {
    const row = { geometry: write[geometry?.type]?.(geometry.coordinates) ?? '' };
    if (id !== undefined) row.id = String(id);
    for (const [key, value] of Object.entries(properties ?? {})) row[key] = cellOf(value);
    return row;
  });
}

class RowNode extends Node {
  constructor(row, parent) {
    super(ELEMENT, 'item', '', parent);
    this.row = row;
    this.cells = null;
  }

  get children() {
    return Object.keys(this.row ?? {}).map((column) => this.named(column)[0]);
  }

  set children(_) {} // a row's children are its columns

  named(column) {
    if (!Object.hasOwn(this.row, column)) return [];
    this.cells ??= {};
    if (!this.cells[column]) {
      const cell = named(ELEMENT, column);
      cell.name = column;
      cell.prefix = '';
      cell.text = this.row[column];
      cell.parent = this;
      this.cells[column] = [cell];
    }
    return this.cells[column];
  }

  /** The texts of a column, without making nodes. */
  texts(column) {
    return Object.hasOwn(this.row, column) ? [this.row[column]] : [];
  }
}

/** Rows as the document root/item/column that expressions read. */
export function fromRows(rows) {
  const document = new Node(ROOT);
  const root = document.append(new Node(ELEMENT, 'root'));
  root.children = rows.map((row) => new RowNode(row, root));
  return document;
}
