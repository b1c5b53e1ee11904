import { JabberClient } from '../../server/osrf/jabber-client.ts';
import { registrationStanza } from '../../shared/osrf/stanzas.ts';
import { readStanza } from './reading.ts';

// A listener that registers, reports it once the router confirms, and then stays silent. Arguments: HOST PORT

const [host, port] = process.argv.slice(2) as [string, string];
const jabber = await JabberClient.login({ host, port: Number(port), domain: 'localhost', username: 'opensrf', password: 'password', resource: 'idle' });
jabber.onMessage = () => process.stdout.write('registered\n');
jabber.send(registrationStanza('register', 'router@localhost/router', jabber.jid, 'opensrf.idle'));
jabber.send(readStanza("<message to='router@localhost/router'><opensrf router_command='query'/><body>classes</body></message>"));
