/** The program under test: a basket that lets OpenSRF do its sums. */
export class Basket {
  #client;
  #total = 0;

  constructor(client) {
    this.#client = client;
  }

  async add(price) {
    this.#total = await this.#client.request('opensrf.math', 'add', this.#total, price);
    return this.#total;
  }
}
