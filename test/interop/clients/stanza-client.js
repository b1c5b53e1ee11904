// stanza in Node. usage: stanza-client.js WEBSOCKET-URL DOMAIN ECHO-JID ABSENT-JID MECHANISM
import stanza from 'stanza';
import { converse } from './stanza-conversation.js';

converse(
  stanza,
  (line) => process.stdout.write(`${line}\n`),
  () => process.exit(0),
  process.argv.slice(2),
);
