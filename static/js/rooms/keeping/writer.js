/*
 * The worker that keeps the second copy: one file per thing in the origin's private file system, apart from IndexedDB, so
 * that what damages the one leaves the other. `put` answers after the bytes were flushed to the disk and read back.
 */
const FOLDER = 'second';
const WORK = { put, get, list, drop };
let queue = Promise.resolve();

self.onmessage = ({ data: { n, op, name, bytes } }) => {
  queue = queue.then(async () => {
    try {
      self.postMessage({ n, value: await WORK[op](name, bytes) });
    } catch (error) {
      self.postMessage({ n, error: error?.name ?? 'Error' });
    }
  });
};

async function put(name, bytes) {
  const file = await (await folder()).getFileHandle(name, { create: true });
  const handle = await file.createSyncAccessHandle();
  try {
    handle.truncate(0);
    handle.write(bytes, { at: 0 });
    handle.flush();
    const back = new Uint8Array(handle.getSize());
    handle.read(back, { at: 0 });
    if (back.length !== bytes.length || back.some((byte, place) => byte !== bytes[place])) throw new DOMException('read back', 'DataError');
  } finally {
    handle.close();
  }
  return true;
}

async function get(name) {
  try {
    const file = await (await (await folder()).getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    if (error?.name === 'NotFoundError') return null;
    throw error;
  }
}

async function list() {
  const names = [];
  for await (const name of (await folder()).keys()) names.push(name);
  return names;
}

async function drop(names) {
  const here = await folder();
  for (const name of names) await here.removeEntry(name).catch((error) => { if (error?.name !== 'NotFoundError') throw error; });
  return true;
}

async function folder() {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
}
