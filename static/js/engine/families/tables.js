// Data beside a form as rows: CSV and GeoJSON.

import { PARTS } from '../library.js';

/**
 * CSV (RFC 4180; a semicolon is the separator if the heading has more of them than commas).
 * @param {string} text @returns {Record<string, string>[]} column to cell
 */
function readCsv(text) {
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
function readGeoJson(text) {
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

Object.assign(PARTS, { csv: readCsv, geojson: readGeoJson });
