import { randomUUID } from 'node:crypto';

/** A text as the value of a header: what is no printable ASCII is written as `%XX`. */
export function headerText(text: string): string {
  return text.replace(/[^ -~]/gu, (character) => Buffer.from(character).toString('hex').replace(/../g, '%$&'));
}

/** A name that no one can guess. */
export function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}
