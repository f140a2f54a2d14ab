/**
 * A secret that only this phone's hardware can repeat (WebAuthn with the PRF extension), after its own screen lock: mixed
 * into the wrapping key, it makes a copy of the storage worthless without the phone itself.
 */
const NAME = 'Encuesta';

/** Can this browser be asked for one at all? Whether the phone has it shows only when one is made. */
export async function hasHardware() {
  try {
    return Boolean(await self.PublicKeyCredential?.isUserVerifyingPlatformAuthenticatorAvailable());
  } catch {
    return false;
  }
}

/** Make one: { stored: what to keep in clear, secret: 32 bytes }. Throws NoHardware when the phone can't or the user won't. */
export async function makeHardwareSecret() {
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const made = await asked(() => navigator.credentials.create({
    publicKey: {
      challenge: crypto.getRandomValues(new Uint8Array(32)), rp: { name: NAME },
      user: { id: crypto.getRandomValues(new Uint8Array(16)), name: NAME, displayName: NAME },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -257 }],
      authenticatorSelection: { authenticatorAttachment: 'platform', userVerification: 'required', residentKey: 'discouraged' },
      extensions: { prf: { eval: { first: salt } } },
    },
  }));
  const results = made.getClientExtensionResults().prf;
  if (!results?.enabled) throw new NoHardware();
  const stored = { id: new Uint8Array(made.rawId), salt };
  return { stored, secret: results.results ? new Uint8Array(results.results.first) : await hardwareSecret(stored) };
}

/** The same 32 bytes again. */
export async function hardwareSecret({ id, salt }) {
  const got = await asked(() => navigator.credentials.get({
    publicKey: {
      challenge: crypto.getRandomValues(new Uint8Array(32)), userVerification: 'required',
      allowCredentials: [{ type: 'public-key', id }], extensions: { prf: { eval: { first: salt } } },
    },
  }));
  const first = got.getClientExtensionResults().prf?.results?.first;
  if (!first) throw new NoHardware();
  return new Uint8Array(first);
}

/** The phone has no such hardware, or its owner didn't confirm. */
export class NoHardware extends Error {
  name = 'NoHardware';
}

async function asked(question) {
  try {
    return await question();
  } catch (error) {
    throw new NoHardware('', { cause: error });
  }
}
