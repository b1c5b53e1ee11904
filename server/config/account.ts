/** A user of one domain. */
export interface Account {
  readonly username: string;
  readonly domain: string;
  readonly password: string;
}
