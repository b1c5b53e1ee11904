// strophe.js in Node. usage: strophe-client.js WEBSOCKET-URL DOMAIN ECHO-JID ABSENT-JID MECHANISM-CLASS
import * as strophe from 'strophe.js';
import { converse } from './strophe-conversation.js';

converse(
  strophe,
  (line) => process.stdout.write(`${line}\n`),
  () => process.exit(0),
  process.argv.slice(2),
);
