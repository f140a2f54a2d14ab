/** The one place that says which script addresses may become workers: the app's own files, named by its own modules. */
let policy = null;

/** `address` as the browser wants it for a worker. */
export function workerAddress(address) {
  if (!self.trustedTypes?.createPolicy) return String(address);
  policy ??= trustedTypes.createPolicy('worker', { createScriptURL: (each) => each });
  return policy.createScriptURL(String(address));
}
