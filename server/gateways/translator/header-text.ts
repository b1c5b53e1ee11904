import { randomUUID } from 'node:crypto';

/** Encodes a text as a header value: all but printable ASCII becomes `%XX`. */
export function headerText(text: string): string {
  return text.replace(/[^ -~]/gu, (character) => Buffer.from(character).toString('hex').replace(/../g, '%$&'));
}

/** An unguessable name. */
export function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}
