import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClusterLab, DOMAIN } from './lab.ts';

const LISTENER = fileURLToPath(new URL('../chaos-listener.js', import.meta.url));
const BETWEEN_STARTS_MS = 300;

/** Listeners at each member, in processes of their own, which record what they execute. */
export class Listeners {
  private readonly lab: ClusterLab;
  private readonly service: string;
  private readonly folder: string;
  private readonly running = new Set<ChildProcess>();
  private count = 0;
  private state: 'running' | 'stopped' = 'running';

  /** @param each The number at each member. */
  constructor(lab: ClusterLab, service: string, each: number, folder: string) {
    this.lab = lab;
    this.service = service;
    this.folder = folder;
    for (let host = 0; host < lab.size; host++) for (let index = 0; index < each; index++) this.start(host);
  }

  /** The number of requests that were executed more than once. */
  executedTwice(): number {
    const executed = readdirSync(this.folder).flatMap((file) => readFileSync(join(this.folder, file), 'utf8').split('\n'));
    const ids = executed.filter((id) => id !== '');
    return ids.length - new Set(ids).size;
  }

  stop(): void {
    this.state = 'stopped';
    for (const child of this.running) child.kill('SIGKILL');
  }

  private start(host: number): void {
    if (this.state === 'stopped') return;
    if (!this.lab.isUp(host)) {
      this.startLater(host);
      return;
    }
    const name = `listener${this.count++}`;
    const file = join(this.folder, name);
    closeSync(openSync(file, 'w'));
    const place = this.lab.addressOf(host);
    const child = spawn(process.execPath, [LISTENER, String(place.port), DOMAIN, this.service, name, file, place.host], { stdio: 'ignore' });
    this.running.add(child);
    child.on('exit', () => {
      this.running.delete(child);
      this.startLater(host);
    });
  }

  private startLater(host: number): void {
    setTimeout(() => this.start(host), BETWEEN_STARTS_MS);
  }
}
