/** One embedded stack in a process of its own, for a parent that kills it and its functions. Arguments: data directory, port. */
import { startEmbedded } from '#local/embedded.ts';

export type Order = { crash: number };
export type Report = { ready: { url: string; key: string } } | { crashed: string | null };

const [dataDir = '', port = '0'] = process.argv.slice(2);
const tell = (report: Report): void => void process.send?.(report);

const stack = await startEmbedded({ dataDir, port: Number(port), log: () => undefined });
process.on('message', (order: Order) => {
  void stack.world
    .crash((running) => order.crash % running.length)
    .then((crashed) => tell({ crashed: crashed ?? null }));
});
process.on('disconnect', () => process.exit());
tell({ ready: { url: stack.apiUrl, key: stack.key } });
