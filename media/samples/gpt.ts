/** A small GPT over characters, token embedding and output layer tied. Source: Radford et al. 2019. */
import { arange, int64, manualSeed, nn, optim, type Tensor } from 'weightroom';
import { fit, textBatches } from './training';

const { scaledDotProductAttention } = nn.functional;

function startSmall(m: nn.Module): void {
  if (m instanceof nn.Linear || m instanceof nn.Embedding) nn.init.normal_(m.weight, { std: 0.02 });
  if (m instanceof nn.Linear && m.bias !== null) nn.init.zeros_(m.bias);
}

export class GptBlock extends nn.Module {
  heads: number;
  ln1: nn.LayerNorm;
  qkv: nn.Linear;
  proj: nn.Linear;
  ln2: nn.LayerNorm;
  mlp: nn.Sequential;

  constructor(width: number, heads: number) {
    super();
    this.heads = heads;
    this.ln1 = new nn.LayerNorm(width);
    this.qkv = new nn.Linear(width, 3 * width);
    this.proj = new nn.Linear(width, width);
    this.ln2 = new nn.LayerNorm(width);
    this.mlp = new nn.Sequential(new nn.Linear(width, 4 * width), new nn.GELU(), new nn.Linear(4 * width, width));
  }

  attention(x: Tensor): Tensor {
    const [b, t, c] = x.shape as unknown as [number, number, number];
    const [q, k, v] = this.qkv(x).chunk(3, -1).map((y) => y.view(b, t, this.heads, c / this.heads).transpose(1, 2)) as [Tensor, Tensor, Tensor];
    const y = scaledDotProductAttention(q, k, v, { isCausal: true });
    return this.proj(y.transpose(1, 2).reshape(b, t, c));
  }

  forward(x: Tensor) {
    x = x.add(this.attention(this.ln1(x)));
    return x.add(this.mlp(this.ln2(x)));
  }
}

export class Gpt extends nn.Module {
  tokens: nn.Embedding;
  positions: nn.Embedding;
  blocks: nn.ModuleList;
  norm: nn.LayerNorm;
  head: nn.Linear;

  constructor(vocabulary: number, context = 32, width = 64, heads = 4, layers = 2) {
    super();
    this.tokens = new nn.Embedding(vocabulary, width);
    this.positions = new nn.Embedding(context, width);
    this.blocks = new nn.ModuleList(Array.from({ length: layers }, () => new GptBlock(width, heads)));
    this.norm = new nn.LayerNorm(width);
    this.head = new nn.Linear(width, vocabulary, { bias: false });
    this.head.weight = this.tokens.weight;
    this.apply(startSmall);
  }

  forward(ids: Tensor) {
    let x = this.tokens(ids).add(this.positions(arange(ids.size(1), { dtype: int64 })));
    for (const block of this.blocks) x = (block as GptBlock)(x);
    return this.head(this.norm(x));
  }
}

manualSeed(0);
const { vocabulary, batch } = textBatches('sonnet.txt', 32);
export const net = new Gpt(vocabulary.length);

/** Returns the loss of every step. */
export function train(model = net, steps = 20): number[] {
  return fit(model, new optim.AdamW(model.parameters(), { lr: 0.003 }), batch, 16, steps);
}
