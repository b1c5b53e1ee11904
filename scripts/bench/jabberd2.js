// jabberd2 as a peer of the bench: three programs, and a minimal configuration, which accepts every login.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const PROGRAM = '/usr/sbin/jabberd2-c2s';

const LIBRARIES = `<path>/usr/lib/${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch] ?? process.arch}-linux-gnu/jabberd2</path>`;
const CHAINS = {
  'in-sess': ['deliver'],
  'in-router': ['session'],
  'pkt-user': ['deliver'],
  'pkt-router': ['session'],
  'user-load': ['active'],
  'user-create': ['active'],
};

/** Accepts every login (jabberd2's authreg_pipe). */
const ACCOUNTS = `#!/bin/sh
echo OK USER-EXISTS CHECK-PASSWORD FREE
while read -r question; do [ "$question" = FREE ] && exit; echo OK; done
`;

const log = (place, name) => `<log type='file'><file>${place}/${name}.log</file></log>`;
const router = (port) =>
  `<router><ip>127.0.0.1</ip><port>${port}</port><user>jabberd</user><pass>secret</pass><retry><init>9</init><lost>3</lost><sleep>1</sleep></retry></router>`;
const chain = ([id, modules]) => `<chain id='${id}'>${modules.map((module) => `<module>${module}</module>`).join('')}</chain>`;

function configurations(place, port, routerPort) {
  return {
    'router-users': '<users><user><name>jabberd</name><secret>secret</secret></user></users>',
    router: `<router><id>router</id>${log(place, 'router')}<local><ip>127.0.0.1</ip><port>${routerPort}</port><users>${place}/router-users.xml</users><secret>secret</secret></local>
<io><max_fds>1024</max_fds></io><aci><acl type='all'><user>jabberd</user></acl></aci></router>`,
    sm: `<sm><id>sm</id>${router(routerPort)}${log(place, 'sm')}<local><id>localhost</id></local><storage>${LIBRARIES}<driver>fs</driver><fs><path>${place}/users</path></fs></storage>
<modules>${LIBRARIES}${Object.entries(CHAINS).map(chain).join('')}</modules><user><auto-create/></user></sm>`,
    c2s: `<c2s><id>c2s</id>${router(routerPort)}${log(place, 'c2s')}<local><id>localhost</id><ip>127.0.0.1</ip><port>${port}</port></local><io><max_fds>16384</max_fds></io>
<authreg>${LIBRARIES}<module>pipe</module><mechanisms><traditional><plain/></traditional></mechanisms><pipe><exec>${place}/accounts</exec></pipe></authreg></c2s>`,
  };
}

/** Starts all three; the awaited one is the parent of the others. */
export function launchJabberd2(folder, port) {
  const place = join(folder, `jabberd2-${port}`);
  mkdirSync(join(place, 'users'), { recursive: true });
  for (const [name, xml] of Object.entries(configurations(place, port, port + 1))) writeFileSync(join(place, `${name}.xml`), xml);
  writeFileSync(join(place, 'accounts'), ACCOUNTS);
  chmodSync(join(place, 'accounts'), 0o755);
  const command = (name) => `/usr/sbin/jabberd2-${name} -c ${place}/${name}.xml`;
  return { child: spawn('/bin/sh', ['-c', `${command('router')} & sleep 1; ${command('sm')} & sleep 1; exec ${command('c2s')}`], { stdio: 'ignore' }) };
}
