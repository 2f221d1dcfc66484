/**
 * Records of a few numbers each, of which the oldest make room for new ones.
 * @module
 */

/** Keeps the last records in one array, so that nothing is allocated while things move. */
export class Ring {
  readonly fields: number;
  readonly #values: Float64Array;
  readonly #capacity: number;
  #first = 0;
  #end = 0;

  constructor(fields: number, capacity: number) {
    this.fields = fields;
    this.#capacity = capacity;
    this.#values = new Float64Array(fields * capacity);
  }

  /** Adds records that lie one behind the other. */
  add(records: Float64Array): void {
    for (let start = 0; start < records.length; start += this.fields) {
      const at = (this.#end % this.#capacity) * this.fields;
      for (let field = 0; field < this.fields; field += 1) {
        this.#values[at + field] = records[start + field] ?? 0;
      }
      this.#end += 1;
      this.#first = Math.max(this.#first, this.#end - this.#capacity);
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#first = this.#end;
  }

  /**
   * Calls `visit` with the values and the place of each record. Those at the beginning for which it
   * returns false are forgotten.
   */
  visit(visit: (values: Float64Array, at: number) => boolean): void {
    let isBeginning = true;
    for (let number = this.#first; number < this.#end; number += 1) {
      const isAlive = visit(this.#values, (number % this.#capacity) * this.fields);
      isBeginning = isBeginning && !isAlive;
      if (isBeginning) {
        this.#first = number + 1;
      }
    }
  }
}
