// Bytes as texts: UTF-8, base64, hexadecimal.

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @param {string} text */
export const utf8 = (text) => new TextEncoder().encode(text);
export const readUtf8 = (bytes) => new TextDecoder().decode(Uint8Array.from(bytes));
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

/** The bytes of a base64 text (white space and missing padding are forgiven), or null. */
export function fromBase64(text) {
  const clean = text.replace(/\s+/g, '').replace(/=+$/, '');
  if (clean.length % 4 === 1 || [...clean].some((letter) => !LETTERS.includes(letter))) return null;
  return Uint8Array.from(atob(clean), (letter) => letter.charCodeAt(0));
}
