import { eachMessage } from '../load/peer.js';
import { until } from './lab.js';
import { isAnswer, listen, requestXml } from './service.js';

const SERVICE = 'facts.rotation';
const LISTENERS = 7;
const WINDOW = 32;

/** Requests of clients at three members, to seven listeners at them: each listener gets the same number. */
export async function rotation(lab, { requests }) {
  const members = await lab.three();
  const counts = Array.from({ length: LISTENERS }, () => 0);
  for (const index of counts.keys()) {
    const login = (onText) => lab.login(members[index % 3], `listener-${index}`, onText);
    await listen(login, SERVICE, () => {
      counts[index]++;
    });
  }
  for (const member of members) await until(`${member.name} knows all listeners`, async () => (await listenersAt(member)) === LISTENERS);
  const asked = await Promise.all(members.map((member, index) => ask(lab, member, Math.floor((requests + index) / 3))));
  const sum = (name) => asked.reduce((total, one) => total + one[name], 0);
  const suspected = (await Promise.all(members.map((member) => member.others()))).flat().reduce((total, one) => total + one.suspected, 0);
  const share = requests / LISTENERS;
  const note = `${counts.join(' ')}; answered ${sum('answered')}, refused ${sum('refused')}; members suspected meanwhile: ${suspected}`;
  const value = Math.max(...counts.map((count) => Math.abs(count - share)));
  return [{ name: `distance from ${Math.round(share)} requests for each of ${LISTENERS} listeners`, value, unit: '', goal: 3, note }];
}

/** Sends requests from one member, some at a time. */
async function ask(lab, member, requests) {
  const found = { answered: 0, refused: 0 };
  let done = () => {};
  const all = new Promise((resolve) => {
    done = resolve;
  });
  let sent = 0;
  const client = await lab.login(member, `client-${member.name}`, eachMessage(came));
  while (sent < WINDOW && sent < requests) send();
  await all;
  return found;

  function send() {
    client.write(requestXml(SERVICE, `t-${member.name}-${sent++}`));
  }
  function came(stanza) {
    found[isAnswer(stanza) ? 'answered' : 'refused']++;
    if (sent < requests) send();
    if (found.answered + found.refused === requests) done();
  }
}

async function listenersAt(member) {
  return JSON.stringify(await member.get('/api/v1/routers')).split('/listener-').length - 1;
}
