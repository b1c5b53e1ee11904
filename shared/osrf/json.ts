/** JSON as OpenSRF's own generators write it: nothing but ASCII. */
export function toJson(value: unknown): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII and DEL
  return JSON.stringify(value).replace(/[^\u0000-\u007e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** An object's JSON from finished members; unlike a plain object it takes `__proto__` for a key and keeps `10` behind `9`. */
export function jsonObject(members: Iterable<readonly [key: string, json: string]>): string {
  return `{${Array.from(members, ([key, json]) => `${toJson(key)}:${json}`).join(',')}}`;
}

/** A classed object, as OpenSRF writes one. @param json Its data, as finished JSON. */
export function classedJson(name: string, json: string): string {
  return `{"__c":${toJson(name)},"__p":${json}}`;
}

/** Reads a classed object; an empty name and no data where the value is none. */
export function readClassed(value: unknown): [name: string, data: Record<string, unknown>] {
  if (typeof value !== 'object' || value === null) return ['', {}];
  const { __c: name, __p: data } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof data !== 'object' || data === null) return ['', {}];
  return [name, data as Record<string, unknown>];
}
