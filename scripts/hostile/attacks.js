// The attacks of hostile peers, by kind. Each gets a Hand and works until its time is up or the server has closed it.
import { connect as connectTls } from 'node:tls';
import { header, messageXml, ROUTER, registrationXml, requestBody, wait, write } from './peer.js';

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const to = (resource) => `opensrf@localhost/${resource}`;
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);

/** Writes the same text again and again. @returns how often. */
async function repeat(hand, socket, text) {
  let count = 0;
  while (socket !== null && (await write(socket, text(count), hand.until))) count++;
  return count;
}

/** Sends to sessions that read nothing. */
async function floodDeaf(hand, deafCount, stanza, declarations = '') {
  const deaf = [];
  for (let index = 0; index < deafCount; index++) deaf.push(await hand.login({ reads: false }));
  const resources = deaf.filter((socket) => socket !== null).map(({ resource }) => resource);
  if (resources.length === 0) return;
  await repeat(hand, await hand.login({ declarations }), (count) => stanza(to(resources[count % resources.length])));
}

/** Requests for a listener that never answers. */
async function unanswered(hand, request, ending) {
  const service = `opensrf.hole.${hand.name}.${hand.count}`;
  const hole = await hand.login();
  if (hole === null) return;
  hole.write(registrationXml(service));
  await wait(50);
  await repeat(hand, await hand.login(), (count) => request(`router@localhost/${service}`, `t${count}`));
  if (!hole.destroyed) await ending(hole);
}

/** Cheap shapes that cost much time. */
const SHAPES = [
  '<iq/>',
  '<presence/>',
  '<message/>',
  "<iq type='get' to='localhost' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
  "<iq type='get' to='localhost' id='1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
  "<message to='@'/>",
  "<presence to='a'/>",
  `${registrationXml('x')}${registrationXml('x', 'unregister')}`,
  "<message to='router@localhost/no'><thread>a</thread><message/></message>",
  `<message type='headline' to='opensrf@localhost/none'>${'<a/>'.repeat(5_000)}</message>`,
  `<message type='headline' to='opensrf@localhost/none'>${"<a xmlns:b='c'/>".repeat(2_000)}</message>`,
  `<message type='headline' to='opensrf@localhost/none'${Array.from({ length: 900 }, (_, index) => ` a${index}=''`).join('')}/>`,
  `<message type='headline' to='opensrf@localhost/none'><body>${'&lt;'.repeat(10_000)}</body></message>`,
  `<message type='headline' to='opensrf@localhost/none'>${'<![CDATA[]]>'.repeat(3_000)}</message>`,
  `<message type='headline' to='opensrf@localhost/none'><body>${'\r\n'.repeat(10_000)}</body></message>`,
  `<message type='headline' to='opensrf@localhost/none'><body>${'\u{1f600}'.repeat(5_000)}</body></message>`,
  `<message type='headline' to='opensrf@localhost/none'><a xmlns:p='u'>${'<b>'.repeat(100)}${"<c p:a='' p:b=''/>".repeat(500)}${'</b>'.repeat(100)}</a></message>`,
];

const XPATHS = ['//c[//c!=//c]', '//*[//*[//*]]', '//a[.//b=//c]/b[count(//c)>1]'];

const query = (method) => requestBody(`"opensrf.router.info.${method}"`).slice(1, -1);

/** The kinds. */
export const ATTACKS = {
  // Input whose charge differs from its memory.
  'an attribute of megabytes to sessions that read nothing': (hand) =>
    floodDeaf(hand, 2, (address) => `<message to='${address}' id='${'x'.repeat(1_000_000 + hand.any(6_000_000))}'><body>a</body></message>`),
  'declarations of the header on every stanza': (hand) => {
    const declarations = Array.from({ length: 20 }, (_, index) => ` xmlns:p${index}='${'"'.repeat(300)}'`).join('');
    return floodDeaf(hand, 2, (address) => `<message to='${address}'><p1:a/><body>a</body></message>`.repeat(100), declarations);
  },
  'directed presence to long addresses': async (hand) => {
    const address = (count, index) => to(`${'&amp;'.repeat(900)}${count}.${index}`);
    await repeat(hand, await hand.login(), (count) => Array.from({ length: 20 }, (_, index) => `<presence to='${address(count, index)}'/>`).join(''));
  },
  'unanswered requests with large attributes': (hand) =>
    unanswered(
      hand,
      (address, thread) => messageXml(address, thread, requestBody('"m"'), ` id='${'x'.repeat(50_000)}'`),
      async (hole) => hole.resetAndDestroy(),
    ),
  // Every peer within its limit.
  'many sessions that read nothing': (hand) => floodDeaf(hand, 10, (address) => messageXml(address, 't', 'x'.repeat(100_000))),
  'questions whose answers are not read': async (hand) => {
    await repeat(hand, await hand.login({ reads: false }), () => '<iq/>'.repeat(5_000));
  },
  'a WebSocket frame without an end': async (hand) => {
    const socket = await hand.open(hand.webSocketPort);
    const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp';
    socket.resume().write(`GET /xmpp-websocket HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    await wait(100);
    // A text frame and continuations of 60,000 bytes, masked by zeros, none of them the last.
    const frame = (opcode) => Buffer.concat([Buffer.from([opcode, 0xfe, 0xea, 0x60, 0, 0, 0, 0]), Buffer.alloc(60_000, 'x')]);
    await repeat(hand, socket, (count) => frame(count === 0 ? 1 : 0));
  },
  'TLS handshakes without an end': async (hand) => {
    while (hand.goesOn) {
      const sockets = [];
      for (let index = 0; index < 20; index++) sockets.push(await hand.open(hand.tlsPort));
      // Records of a ClientHello that says it has 130,000 bytes.
      const hello = Buffer.concat([Buffer.from([0x16, 3, 1, 0x40, 0, 1, 1, 0xfb, 0xd0]), Buffer.alloc(0x4000 - 4)]);
      for (const socket of sockets) socket.write(hello);
      await wait(1_000);
      for (const socket of sockets) socket.destroy();
    }
  },
  'TLS sessions that log in no one': async (hand) => {
    while (hand.goesOn) {
      const socket = connectTls({ port: hand.tlsPort, host: '127.0.0.1', rejectUnauthorized: false }).on('error', () => {});
      hand.keep(socket);
      socket.write(`${header()}${'<a>'.repeat(20)}${'x'.repeat(8_000)}`);
      await wait(50);
    }
  },
  'connections before login': async (hand) => {
    const sockets = [];
    while (hand.goesOn) {
      const socket = await hand.open(hand.port);
      socket.resume().write(`${header()}<iq id='1' type='set'><query>${'x'.repeat(7_000)}`);
      sockets.push(socket);
      if (sockets.length > 60) sockets.shift().destroy();
    }
  },
  'failed logins': async (hand) => {
    while (hand.goesOn) {
      const socket = await hand.open(hand.port);
      socket
        .resume()
        .end(`${header()}<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>x</username><password>y</password><resource>z</resource></query></iq>`);
      await wait(20);
    }
  },
  // A small stanza, a large effect.
  'queries with sixteen large answers': async (hand) => {
    const socket = await hand.login();
    if (socket === null) return;
    const service = (index) => `${'&amp;'.repeat(900)}${hand.name}${index}`;
    for (let index = 0; index < 300; index++) await write(socket, registrationXml(service(index)), hand.until);
    const messages = `[${Array(16).fill(query('summarize')).join(',')}]`;
    await repeat(hand, socket, () => messageXml(ROUTER, 't', messages));
  },
  'a presence to all sessions': async (hand) => {
    for (let index = 0; index < 10; index++) (await hand.login())?.write('<presence/>');
    const socket = await hand.login();
    await repeat(hand, socket, () => `<presence><status>${'x'.repeat(200)}</status></presence>`.repeat(200));
  },
  'a thousand spellings of a neighbour': async (hand) => {
    const [user, rest] = [hand.neighbour.slice(0, hand.neighbour.indexOf('@')), hand.neighbour.slice(hand.neighbour.indexOf('@'))];
    const spelling = (number) => [...user].map((letter, index) => ((number >> index) & 1 ? letter.toUpperCase() : letter)).join('') + rest;
    while (hand.goesOn) {
      const socket = await hand.login();
      if (socket === null) return;
      const presences = Array.from({ length: 500 }, (_, index) => `<presence to='${spelling(index)}'/>`).join('');
      await write(socket, presences, hand.until);
      socket.end('</stream:stream>');
      await wait(200);
    }
  },
  'messages to a neighbour': async (hand) => {
    const socket = await hand.login();
    while (hand.goesOn && socket !== null) {
      if (!(await write(socket, `<message to='${hand.neighbour}'><thread>junk</thread><body>junk</body></message>`.repeat(20), hand.until))) return;
      await wait(100);
    }
  },
  // Time.
  'cheap stanzas that cost much time': async (hand) => {
    const shape = SHAPES[hand.any(SHAPES.length)];
    const text = shape.repeat(Math.max(1, Math.ceil(100_000 / shape.length)));
    await repeat(hand, await hand.login(), () => text);
  },
  'many stanzas that come back at once': async (hand) => {
    const deaf = await hand.login({ reads: false });
    const sender = await hand.login();
    if (deaf === null || sender === null) return;
    const text = `<message to='${to(deaf.resource)}'><body>x</body></message>`.repeat(1_000);
    while (await write(sender, text, hand.until - 500));
    deaf.resetAndDestroy();
    await wait(500);
  },
  'managed sessions that acknowledge nothing': async (hand) => {
    const managed = [];
    for (let index = 0; index < 5; index++) {
      const socket = await hand.login({ managed: true });
      if (socket !== null) managed.push(socket);
    }
    const sender = await hand.login();
    if (managed.length === 0) return;
    await repeat(hand, sender, (count) => messageXml(to(managed[count % managed.length].resource), 't', 'x'.repeat(20_000)));
    for (const socket of managed) socket.resetAndDestroy();
  },
  // Walks.
  'listeners that die with much open': async (hand) => {
    const service = `opensrf.die.${hand.name}`;
    const listeners = [];
    for (let index = 0; index < 8; index++) listeners.push(await hand.login());
    for (const socket of listeners) socket?.write(registrationXml(service));
    await wait(50);
    const sender = await hand.login();
    if (sender === null) return;
    const text = Array.from({ length: 200 }, (_, index) => messageXml(`router@localhost/${service}`, `t${index}`, requestBody('"m"'))).join('');
    while (await write(sender, text, hand.until - 500));
    for (const socket of listeners) socket?.resetAndDestroy();
    await wait(500);
  },
  'bounces of a listener beside many open requests': async (hand) => {
    const pair = `${registrationXml(`x.${hand.name}`)}<message to='router@localhost/x.${hand.name}' type='error'><thread>q</thread></message>`;
    await repeat(hand, await hand.login(), () => pair.repeat(100));
  },
  'logins and logouts of listeners': async (hand) => {
    while (hand.goesOn) {
      const socket = await hand.login();
      socket?.write(registrationXml(`opensrf.short.${hand.name}`));
      socket?.end('</stream:stream>');
    }
  },
  // Uncharged work, and recursion.
  'XPath that compares everything': async (hand) => {
    const request = (count) => requestBody('"opensrf.settings.xpath.get"', JSON.stringify([XPATHS[count % XPATHS.length]]));
    const socket = await hand.login();
    for (let count = 0; hand.goesOn && socket !== null; count++) {
      if (!(await write(socket, messageXml('router@localhost/opensrf.settings', `t${count}`, request(count)).repeat(20), hand.until))) return;
      await wait(200);
    }
  },
  'deep JSON': async (hand) => {
    const services = ['router@localhost/opensrf.settings', 'router@localhost/opensrf.stub', ROUTER, hand.neighbour];
    await repeat(hand, await hand.login(), (count) => {
      const depth = 400 + hand.any(20_000);
      const body = count % 2 === 0 ? requestBody(nested(depth)) : requestBody('"m"', `[${nested(depth)}]`);
      return messageXml(services[hand.any(services.length)], `t${count}`, body);
    });
  },
  // Observers, and their memory.
  'answers of unusual shape': async (hand) => {
    const service = `opensrf.odd.${hand.name}.${hand.count}`;
    const listener = await hand.login();
    const client = await hand.login();
    if (listener === null || client === null) return;
    listener.write(registrationXml(service));
    await wait(50);
    const payloads = [
      '{"statusCode":{"toString":1}}',
      '{"__c":"osrfResult","__p":{"statusCode":{"valueOf":null},"status":[]}}',
      'null',
      '[]',
      '{"__proto__":{"status":1}}',
    ];
    for (let count = 0; hand.goesOn; count++) {
      client.write(messageXml(`router@localhost/${service}`, `t${count}`, requestBody('"m"')));
      const body = `[{"__c":"osrfMessage","__p":{"threadTrace":"1","type":"${count % 2 === 0 ? 'STATUS' : 'RESULT'}","payload":${payloads[hand.any(payloads.length)]}}}]`;
      if (!(await write(listener, messageXml(to(client.resource), `t${count}`, escaped(body)), hand.until))) return;
      await wait(10);
    }
  },
  'methods and services with names of any length': async (hand) => {
    const socket = await hand.login();
    await repeat(hand, socket, (count) => {
      const request = messageXml('router@localhost/opensrf.stub', `t${count}`, requestBody(`"${'m'.repeat(hand.any(1_000_000))}"`));
      return `${request}${registrationXml(`s${hand.name}.${count}.${'x'.repeat(500)}`)}${registrationXml(`s${hand.name}.${count}.${'x'.repeat(500)}`, 'unregister')}`;
    });
  },
  'more connections than the server has descriptors': async (hand) => {
    const sockets = [];
    for (let index = 0; index < 400 && hand.goesOn; index++) sockets.push((await hand.open(hand.port)).resume());
    while (hand.goesOn) await wait(50);
  },
};
