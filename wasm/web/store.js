// State that tells its listeners, at most once a frame, which of its fields changed.

export class Store {
  #listeners = new Set();
  #changed = new Set();
  #scheduled = false;

  constructor(initial) {
    this.state = initial;
  }

  /** Takes over the fields of `patch`. */
  update(patch) {
    for (const [name, value] of Object.entries(patch)) {
      if (Object.is(this.state[name], value)) continue;
      this.state[name] = value;
      this.#changed.add(name);
    }
    if (this.#changed.size === 0 || this.#scheduled) return;
    this.#scheduled = true;
    // A hidden tab draws no frames; a timer then runs instead, so that what is written down is not late.
    if (document.hidden) setTimeout(() => this.#tell(), 50);
    else requestAnimationFrame(() => this.#tell());
  }

  /** Calls `listener(state)` now and after any of the fields `names` changed. */
  on(names, listener) {
    this.#listeners.add({ names: names.split(' '), listener });
    listener(this.state);
  }

  #tell() {
    this.#scheduled = false;
    const changed = this.#changed;
    this.#changed = new Set();
    for (const { names, listener } of this.#listeners) if (names.some((name) => changed.has(name))) listener(this.state);
  }
}
