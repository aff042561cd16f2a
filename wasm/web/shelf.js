// What survives a reload: one IndexedDB store of named values. Where the browser refuses one, all of it is kept for this visit
// alone, and `lasting` is false.

const NAME = 'storyteller';
const STORE = 'shelf';

function request(make) {
  return new Promise((resolve, reject) => {
    const asked = make();
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

class Shelf {
  #database;
  #memory = new Map();
  lasting = false;

  async open() {
    try {
      this.#database = await request(() => {
        const opening = indexedDB.open(NAME, 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
        return opening;
      });
      this.lasting = true;
    } catch {
      this.lasting = false;
    }
    return this;
  }

  async get(key) {
    if (!this.lasting) return this.#memory.get(key);
    return request(() => this.#database.transaction(STORE).objectStore(STORE).get(key));
  }

  /** Resolves once `value` lies on disk as far as the browser says so. */
  async put(key, value) {
    if (!this.lasting) {
      this.#memory.set(key, value);
      return;
    }
    const transaction = this.#database.transaction(STORE, 'readwrite', { durability: 'strict' });
    transaction.objectStore(STORE).put(value, key);
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
  }

  async clear() {
    this.#memory.clear();
    if (this.lasting) await request(() => this.#database.transaction(STORE, 'readwrite').objectStore(STORE).clear());
  }
}

export const openShelf = () => new Shelf().open();
