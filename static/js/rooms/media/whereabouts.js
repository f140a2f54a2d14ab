/** Where the phone was at an event of the audit log, under the form's parameters. */
const HIGH = 'high-accuracy';

export class Whereabouts {
  #latest = null;

  /** `tell(event)` is called with what the log says about permission and satellites. */
  constructor(parameters, signal, tell) {
    this.longest = (Number(parameters['location-max-age']) || 60) * 1000;
    this.interval = (Number(parameters['location-min-interval']) || 1) * 1000;
    if (!navigator.geolocation) {
      tell('location providers disabled');
      return;
    }
    let granted = false;
    const found = ({ coords, timestamp }) => {
      if (!granted) tell('location permissions granted');
      granted = true;
      if (!this.#latest || timestamp - this.#latest.timestamp >= this.interval) this.#latest = { coords, timestamp };
    };
    const failed = ({ code }) => { if (code !== 3) tell(code === 1 ? 'location permissions not granted' : 'location providers disabled'); };
    tell('location tracking enabled');
    const options = { enableHighAccuracy: parameters['location-priority'] === HIGH, maximumAge: this.longest };
    const watch = navigator.geolocation.watchPosition(found, failed, options);
    signal.addEventListener('abort', () => navigator.geolocation.clearWatch(watch));
  }

  /** [latitude, longitude, accuracy] if they are recent enough, else blanks. */
  now() {
    if (!this.#latest || Date.now() - this.#latest.timestamp > this.longest) return ['', '', ''];
    const { latitude, longitude, accuracy } = this.#latest.coords;
    return [latitude, longitude, accuracy].map(String);
  }
}
