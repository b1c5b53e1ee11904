import type { TestContext } from 'node:test';

/** The event stream of a control interface, for a program. */
export class LiveEvents {
  private readonly reader;
  private readonly decoder = new TextDecoder();
  private text = '';

  constructor(t: TestContext, response: Response) {
    if (response.body === null) throw new Error('there is nothing to read');
    this.reader = response.body.getReader();
    t.after(() => this.reader.cancel().catch(() => {}));
  }

  /** The data of the next event with this name and a true condition. */
  async next<Data>(name: string, isWanted: (data: Data) => boolean): Promise<Data> {
    for (;;) {
      const event = await this.nextEvent();
      if (event.name === name && isWanted(event.data as Data)) return event.data as Data;
    }
  }

  private async nextEvent(): Promise<{ name: string; data: unknown }> {
    for (;;) {
      const end = this.text.indexOf('\n\n');
      if (end === -1) {
        const { done, value } = await this.reader.read();
        if (done) throw new Error('the stream has ended');
        this.text += this.decoder.decode(value, { stream: true });
        continue;
      }
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(this.text.slice(0, end)) ?? [];
      this.text = this.text.slice(end + 2);
      if (name !== undefined) return { name, data: JSON.parse(data as string) };
    }
  }
}
