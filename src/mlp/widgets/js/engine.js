// @ts-check
// The live network: what mlp computes, computed on the page. No drawing, no words, no dependency.
//
// `net.W` holds every number the network learns in ONE flat array, as mlp.training does: W^1 row by row, W^2 ..., then the
// biases of the layers that have some. `index(net, k, i, j)` says where in it w^k_ij stands; `dw`, `fd` and all other lists of
// parameters have the same order. Layers are arrays by their number 1 ... K, units count from 1 in arguments and from 0 in
// arrays: O_kj of one point is `O[k][j - 1]`. Of n points, O[k] (and Z, slope, dO, dZ; also X = O[0] and y) holds one
// point after the other: `O[k][p * sizes[k] + j - 1]`, p from 0. Plain lists of numbers may come wherever X, y or weights do.
//
// The network
//   network(sizes, weights, {activations, biases})   activations: K names (sigmoid ..., identity); biases: the layers that have one
//   xavierNetwork(sizes, rng, {activations, biases}) as MLP.init draws it: xavier's weights, biases 0
//   index(net, k, i, j)                              w^k_ij's place in net.W; i = 0 means the bias b^k_j
// One moment of it.  how = {average, penalty: "l1" | "l2", lam, fault: "A" | "B" | "C" | "D", eta}, all of them optional:
// L is the SUM over the points (average: their mean) plus the penalty; a fault makes the way back wrong (see `backward`).
//   record(net, X, y, how)                           {n, W, Z, O, slope, L, dO, dZ, dw, fd}: all of this, nothing of it reused later
//   forward(net, X, room)                            the room, its Z and O filled; `roomFor(net, n)` makes one for n points
//   backward(net, y, room, how)                      after forward: dw; the room's slope, dO, dZ and dw filled
//   lossOf(net, X, y, how, room)                     L;   lossWith(net, X, y, q, value, how, room): L if net.W[q] were value
//   numerical(net, X, y, how)                        fd: the central differences of L, one for each of net.W
//   errorsOf(net, X, y, room)                        yhat - y of every point, new
//   paths(net, k, i, j)                              [[units in layers k ... K], ...] as mlp.paths
//   factors(net, at, k, i, j, path)                  [{value, inside: [f', w or O]}, ...] from the loss back; `at`: a record of one point
// Updates.  how.average is true here unless it is said to be false, as in mlp.train.
//   update(net, X, y, how, room)                     one update of net.W by all these points, how.eta; the loss (a sum) before it
//   training(net, X, y, {batch, order, ...how})      a run; order = shuffles(n, rng), or none: the file's order. net is its own copy
//   updates(run, to)                                 brings run.net to where it is after `to` updates, forwards or back; in slices as one likes
//   epoch(run, e)                                    the same to the end of epoch e; L of all points there
//   rowsOf(run, u)                                   which points update u (from 1) sees
//     run.done   updates made      run.perEpoch  updates an epoch      run.loss  of the last update's points, before it
//     run.sum    of the losses of the last update's epoch so far       run.left  the update that left the finite numbers, or Infinity
//     by epoch e, as far as it has ever come:  run.kept[e] the weights after it, run.after[e] L of all points after it (0: the start),
//     run.along[e] the sum of its updates' losses, run.moved[e] the largest change of a weight in it (both from 1)
// Points one by one
//   slopesOfEach(net, X, y)                          n rows, one after the other: each point's own dw
//   meanOfRows(rows, width, chosen)                  the mean of the chosen rows
//   offBy(mean, g)                                   |mean - g| / |g|
//   noise(rows, g, m)                                how far off the mean of m of the rows typically is, without putting back
//   typical(values)                                  the root of the mean of their squares;   onCircle(degrees)   [cosine, sine]
//   standardised(raw, width)                         {values, mean, deviation} column by column, as mlp.data

/** @typedef {"sigmoid" | "tanh" | "relu" | "identity"} Activation */
/** @typedef {ArrayLike<number>} Numbers */
/** @typedef {{sizes: number[], K: number, f: Activation[], W: Float64Array, at: number[], biasAt: number[], weights: number}} Network
 *  f, at and biasAt go by layer: at[k] is where W^k begins in W, biasAt[k] where b^k does, -1 without; `weights` counts W without biases */
/** @typedef {{n: number, y: Float64Array, Z: Float64Array[], O: Float64Array[], slope: Float64Array[], dO: Float64Array[],
 *             dZ: Float64Array[], dw: Float64Array}} Room */
/** @typedef {Room & {W: Float64Array, L: number, fd: Float64Array}} NetRecord */
/** @typedef {{average?: boolean, penalty?: "" | "l1" | "l2", lam?: number, fault?: "" | "A" | "B" | "C" | "D", eta?: number}} How */
/** @typedef {{net: Network, X: Numbers, y: Numbers, n: number, how: How, batch: number, perEpoch: number, order: (e: number) => Numbers,
 *             room: Room, last: Room, all: Room, done: number, loss: number, sum: number, left: number,
 *             kept: Float64Array[], after: number[], along: number[], moved: number[]}} Run */

// ---------------------------------------------------------------------------------------------- the network

/** @param {number[]} sizes @param {Numbers} weights @param {{activations?: Activation[], biases?: number[]}} [options] @returns {Network} */
export function network(sizes, weights, { activations, biases = [] } = {}) {
  const K = sizes.length - 1, layers = sizes.slice(1).map((_, k) => k + 1);
  const f = layers.map((k) => activations?.[k - 1] ?? (k === K ? "identity" : "sigmoid"));
  const at = [0], biasAt = [-1];
  let count = 0;
  for (const k of layers) {
    at[k] = count;
    count += sizes[k - 1] * sizes[k];
  }
  const net = { sizes: [...sizes], K, f: [f[0], ...f], W: Float64Array.from(weights), at, biasAt, weights: count };
  for (const k of layers) {
    biasAt[k] = biases.includes(k) ? count : -1;
    if (biases.includes(k)) count += sizes[k];
  }
  if (net.W.length !== count) throw new RangeError(`a ${sizes.join("-")} network has ${count} parameters, but ${net.W.length} came`);
  return net;
}

/** @param {number[]} sizes @param {{xavier(nIn: number, nOut: number): Float64Array}} rng
 *  @param {{activations?: Activation[], biases?: number[]}} [options] */
export function xavierNetwork(sizes, rng, options = {}) {
  const drawn = sizes.slice(1).flatMap((size, k) => [...rng.xavier(sizes[k], size)]);
  return network(sizes, [...drawn, ...(options.biases ?? []).flatMap((k) => Array(sizes[k]).fill(0))], options);
}

/** Where w^k_ij stands in net.W; b^k_j for i = 0. @param {Network} net @param {number} k @param {number} i @param {number} j */
export function index(net, k, i, j) {
  const start = i === 0 ? net.biasAt[k] : net.at[k] + (i - 1) * net.sizes[k];
  if (!(k >= 1 && k <= net.K && i >= 0 && i <= net.sizes[k - 1] && j >= 1 && j <= net.sizes[k] && start >= 0))
    throw new RangeError(`no weight ${k}, ${i}, ${j} in a ${net.sizes.join("-")} network`);
  return start + j - 1;
}

/** Arrays for what n points leave behind. @param {Network} net @param {number} n @returns {Room} */
export function roomFor(net, n) {
  const layers = () => net.sizes.map((size) => new Float64Array(n * size));
  return { n, y: new Float64Array(n * net.sizes[net.K]), Z: layers(), O: layers(), slope: layers(), dO: layers(), dZ: layers(),
           dw: new Float64Array(net.W.length) };
}

/** @param {Network} net @param {Numbers} X */
function roomOf(net, X) {
  return roomFor(net, X.length / net.sizes[0]);
}

// ---------------------------------------------------------------------------------------------- forward and back

/** @param {Activation} f @param {number} z */
function activated(f, z) {
  return f === "sigmoid" ? 1 / (1 + Math.exp(-z)) : f === "tanh" ? Math.tanh(z) : f === "relu" ? Math.max(z, 0) : z;
}

/** f'(Z), from O = f(Z). @param {Activation} f @param {number} o */
function slopeAt(f, o) {
  return f === "sigmoid" ? (1 - o) * o : f === "tanh" ? 1 - o * o : f === "relu" ? (o > 0 ? 1 : 0) : 1;
}

/** Z_k = O_{k-1} W^k + b^k, O_k = f_k(Z_k), from O_0 = X. @param {Network} net @param {Numbers} X @param {Room} [room] */
export function forward(net, X, room = roomOf(net, X)) {
  room.O[0].set(X);
  return sweepForward(net, room);
}

/** @param {Network} net @param {Room} room */
function sweepForward(net, room) {
  const W = net.W;
  for (let k = 1; k <= net.K; k++) {
    const from = net.sizes[k - 1], to = net.sizes[k], at = net.at[k], biasAt = net.biasAt[k], f = net.f[k];
    const I = room.O[k - 1], Z = room.Z[k], O = room.O[k];
    for (let p = 0; p < room.n; p++)
      for (let j = 0; j < to; j++) {
        let sum = 0;
        for (let i = 0; i < from; i++) sum += I[p * from + i] * W[at + i * to + j];
        if (biasAt >= 0) sum += W[biasAt + j];
        Z[p * to + j] = sum;
        O[p * to + j] = activated(f, sum);
      }
  }
  return room;
}

/** All derivatives of L, by the four rules, after `forward` has filled the room. The faults:
 *  A forgets f'; B has = in place of +=, so that of several paths the last alone is kept; C hands back through the updated
 *  weights W - eta dW; D has yhat - y turned around. @param {Network} net @param {Numbers} y @param {Room} room @param {How} [how] */
export function backward(net, y, room, how = {}) {
  const { average = false, penalty = "", lam = 0, fault = "", eta = 0 } = how;
  const { W, K, sizes } = net, { n, O, slope, dO, dZ, dw } = room;
  const share = average ? n : 1, turn = fault === "D" ? -1 : 1, keep = fault === "B" ? 0 : 1, late = fault === "C" ? eta : 0;
  const yhat = O[K], dyhat = dO[K];
  for (let q = 0; q < yhat.length; q++) dyhat[q] = (2 * (yhat[q] - y[q]) * turn) / share; // 1. dO_K = 2 (yhat - y)
  for (let k = K; k >= 1; k--) {
    const from = sizes[k - 1], to = sizes[k], at = net.at[k], biasAt = net.biasAt[k], f = net.f[k];
    const I = O[k - 1], Ok = O[k], slopek = slope[k], dOk = dO[k], dZk = dZ[k], dI = dO[k - 1];
    for (let q = 0; q < Ok.length; q++) {
      slopek[q] = slopeAt(f, Ok[q]);
      dZk[q] = fault === "A" ? dOk[q] : dOk[q] * slopek[q]; // 2. dZ_k = dO_k * f'_k
    }
    for (let j = 0; j < to; j++) {
      for (let i = 0; i < from; i++) {
        let sum = 0;
        for (let p = 0; p < n; p++) sum += I[p * from + i] * dZk[p * to + j]; // 3. dW^k = O_{k-1}^T dZ_k
        dw[at + i * to + j] = sum;
      }
      if (biasAt >= 0) {
        let sum = 0;
        for (let p = 0; p < n; p++) sum += dZk[p * to + j];
        dw[biasAt + j] = sum;
      }
    }
    for (let p = 0; k > 1 && p < n; p++)
      for (let i = 0; i < from; i++) {
        let sum = 0;
        for (let j = 0; j < to; j++) {
          const w = at + i * to + j;
          sum = keep * sum + dZk[p * to + j] * (W[w] - late * dw[w]); // 4. dO_{k-1} = dZ_k (W^k)^T
        }
        dI[p * from + i] = sum;
      }
  }
  if (penalty) for (let q = 0; q < net.weights; q++) dw[q] += lam * (penalty === "l2" ? 2 * W[q] : Math.sign(W[q]));
  return dw;
}

/** The sum of (yhat - y)^2. @param {Float64Array} yhat @param {Numbers} y */
function squares(yhat, y) {
  let sum = 0;
  for (let q = 0; q < yhat.length; q++) sum += (yhat[q] - y[q]) * (yhat[q] - y[q]);
  return sum;
}

/** @param {Network} net @param {Numbers} X @param {Numbers} y @param {How} [how] @param {Room} [room] */
export function lossOf(net, X, y, how = {}, room = roomOf(net, X)) {
  forward(net, X, room);
  let R = 0;
  if (how.penalty) for (let q = 0; q < net.weights; q++) R += how.penalty === "l2" ? net.W[q] * net.W[q] : Math.abs(net.W[q]);
  return squares(room.O[net.K], y) / (how.average ? room.n : 1) + (how.lam ?? 0) * R;
}

/** L if net.W[q] were `value`; net stays as it is. @param {Network} net @param {Numbers} X @param {Numbers} y @param {number} q
 *  @param {number} value @param {How} [how] @param {Room} [room] */
export function lossWith(net, X, y, q, value, how = {}, room = roomOf(net, X)) {
  const w = net.W[q];
  net.W[q] = value;
  const L = lossOf(net, X, y, how, room);
  net.W[q] = w;
  return L;
}

/** (L(w + h) - L(w - h)) / 2h with h = 1e-5 max(1, |w|), for every w. @param {Network} net @param {Numbers} X @param {Numbers} y @param {How} [how] */
export function numerical(net, X, y, how = {}) {
  const room = roomOf(net, X);
  return net.W.map((w, q) => {
    const h = 1e-5 * Math.max(1, Math.abs(w));
    return (lossWith(net, X, y, q, w + h, how, room) - lossWith(net, X, y, q, w - h, how, room)) / (2 * h);
  });
}

/** @param {Network} net @param {Numbers} X @param {Numbers} y @param {How} [how] @returns {NetRecord} */
export function record(net, X, y, how = {}) {
  const L = lossOf(net, X, y, how), room = forward(net, X);
  room.y.set(y);
  backward(net, y, room, how);
  return { ...room, W: net.W.slice(), L, fd: numerical(net, X, y, how) };
}

/** yhat - y. @param {Network} net @param {Numbers} X @param {Numbers} y @param {Room} [room] */
export function errorsOf(net, X, y, room = roomOf(net, X)) {
  return forward(net, X, room).O[net.K].map((yhat, q) => yhat - y[q]);
}

// ---------------------------------------------------------------------------------------------- paths

/** Every path from w^k_ij to the loss, as the units it visits in layers k ... K. @param {Network} net @param {number} k @param {number} i @param {number} j */
export function paths(net, k, i, j) {
  index(net, k, i, j); // refuses a weight that is not there
  let ways = [[j]];
  for (const size of net.sizes.slice(k + 1)) ways = ways.flatMap((way) => Array.from({ length: size }, (_, unit) => [...way, unit + 1]));
  return ways;
}

/** The factors along one path, from the loss back to the weight; their product is the path's part of dL/dw^k_ij.
 *  @param {Network} net @param {Room} at @param {number} k @param {number} i @param {number} j @param {number[]} path */
export function factors(net, at, k, i, j, path) {
  const unit = (/** @type {number} */ layer) => path[layer - k];
  const product = [{ value: at.dO[net.K][unit(net.K) - 1], inside: /** @type {number[]} */ ([]) }];
  const link = (/** @type {number} */ layer, /** @type {number} */ other) => {
    const slope = at.slope[layer][unit(layer) - 1];
    product.push({ value: slope * other, inside: [slope, other] });
  };
  for (let layer = net.K; layer > k; layer--) link(layer, net.W[index(net, layer, unit(layer - 1), unit(layer))]);
  link(k, i === 0 ? 1 : at.O[k - 1][i - 1]);
  return product;
}

// ---------------------------------------------------------------------------------------------- updates

/** w_new = w_old - eta dL/dw for the points in the room, all derivatives at w_old. Returns their loss before, NaN or infinite
 *  where that or a weight has left the finite numbers. @param {Network} net @param {Room} room @param {How} how */
function descend(net, room, how) {
  const W = net.W, eta = how.eta ?? 0;
  sweepForward(net, room);
  const loss = squares(room.O[net.K], room.y);
  const dw = backward(net, room.y, room, how);
  let lost = 0; // 0 times a number is 0, unless that is NaN or infinite
  for (let q = 0; q < W.length; q++) {
    W[q] -= dw[q] * eta;
    lost += 0 * W[q];
  }
  return loss + lost;
}

/** One update of net.W by all these points. @param {Network} net @param {Numbers} X @param {Numbers} y @param {How} how @param {Room} [room] */
export function update(net, X, y, how, room = roomOf(net, X)) {
  room.O[0].set(X);
  room.y.set(y);
  return descend(net, room, { average: true, ...how });
}

/** The orders of n points by epoch, each drawn when it is first asked for: shuffles(n, rng)(e), e from 1. From now on rng is theirs.
 *  @param {number} n @param {{permutation(n: number): Uint32Array}} rng */
export function shuffles(n, rng) {
  const drawn = /** @type {Uint32Array[]} */ ([]);
  return (/** @type {number} */ e) => {
    while (drawn.length < e) drawn.push(rng.permutation(n));
    return drawn[e - 1];
  };
}

/** @param {Network} net @param {Numbers} X @param {Numbers} y
 *  @param {How & {batch?: number, order?: ((e: number) => Numbers) | null}} options @returns {Run} */
export function training(net, X, y, { batch = 1, order = null, ...how }) {
  const own = { ...net, W: net.W.slice() }, n = X.length / net.sizes[0], size = Math.min(batch, n);
  const file = Uint32Array.from({ length: n }, (_, p) => p), all = roomFor(own, n);
  return { net: own, X, y, n, how: { average: true, ...how }, batch: size, perEpoch: Math.ceil(n / size), order: order ?? (() => file),
           room: roomFor(own, size), last: roomFor(own, n % size || size), all, done: 0, loss: NaN, sum: 0, left: Infinity,
           kept: [own.W.slice()], after: [lossOf(own, X, y, {}, all)], along: [NaN], moved: [NaN] };
}

/** Brings the run to where it is after `to` updates, or to run.left. @param {Run} run @param {number} to */
export function updates(run, to) {
  const { net, X, y, n, batch, perEpoch, kept } = run, inputs = net.sizes[0], outputs = net.sizes[net.K];
  const known = Math.min(Math.max(0, Math.ceil(to / perEpoch) - 1), kept.length - 1);
  if (to < run.done || known * perEpoch > run.done) {
    net.W.set(kept[known]); // the nearest start of an epoch that was reached before
    run.done = known * perEpoch;
    run.loss = NaN;
    run.sum = 0;
  }
  while (run.done < to && run.done < run.left) {
    const e = Math.floor(run.done / perEpoch) + 1, order = run.order(e);
    const start = (run.done % perEpoch) * batch, count = Math.min(batch, n - start), room = count < batch ? run.last : run.room;
    for (let p = 0; p < count; p++) {
      const row = order[start + p];
      for (let i = 0; i < inputs; i++) room.O[0][p * inputs + i] = X[row * inputs + i];
      for (let j = 0; j < outputs; j++) room.y[p * outputs + j] = y[row * outputs + j];
    }
    run.loss = descend(net, room, run.how);
    run.sum = start === 0 ? run.loss : run.sum + run.loss;
    run.done++;
    if (!isFinite(run.sum)) run.left = run.done;
    else if (run.done === kept.length * perEpoch) {
      run.moved[e] = net.W.reduce((most, w, q) => Math.max(most, Math.abs(w - kept[e - 1][q])), 0);
      run.after[e] = lossOf(net, X, y, {}, run.all);
      run.along[e] = run.sum;
      kept[e] = net.W.slice();
    }
  }
  return run;
}

/** Brings the run to the end of epoch e; L of all points there, NaN where it did not get there. @param {Run} run @param {number} e */
export function epoch(run, e) {
  return updates(run, e * run.perEpoch).after[e] ?? NaN;
}

/** The rows of X that update u sees, u from 1. @param {Run} run @param {number} u */
export function rowsOf(run, u) {
  const start = ((u - 1) % run.perEpoch) * run.batch;
  return Array.from(run.order(Math.ceil(u / run.perEpoch))).slice(start, start + run.batch);
}

// ---------------------------------------------------------------------------------------------- points one by one

/** Each point's own derivatives, a row of net.W.length a point. @param {Network} net @param {Numbers} X @param {Numbers} y */
export function slopesOfEach(net, X, y) {
  const inputs = net.sizes[0], outputs = net.sizes[net.K], width = net.W.length, n = X.length / inputs;
  const room = roomFor(net, 1), rows = new Float64Array(n * width), one = Float64Array.from(X), targets = Float64Array.from(y);
  for (let p = 0; p < n; p++) {
    forward(net, one.subarray(p * inputs, (p + 1) * inputs), room);
    rows.set(backward(net, targets.subarray(p * outputs, (p + 1) * outputs), room), p * width);
  }
  return rows;
}

/** @param {Numbers} rows @param {number} width @param {Numbers} chosen */
export function meanOfRows(rows, width, chosen) {
  const mean = new Float64Array(width);
  for (let c = 0; c < chosen.length; c++) for (let q = 0; q < width; q++) mean[q] += rows[chosen[c] * width + q];
  return mean.map((sum) => sum / chosen.length);
}

/** |mean - g| / |g|. @param {Float64Array} mean @param {Numbers} g */
export function offBy(mean, g) {
  return Math.hypot(...mean.map((part, q) => part - g[q])) / Math.hypot(...Array.from(g));
}

/** The point of the unit circle at so many degrees. @param {number} degrees */
export function onCircle(degrees) {
  return [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
}

/** The root of the mean of the squares. @param {Numbers} values */
export function typical(values) {
  return Math.hypot(...Array.from(values)) / Math.sqrt(values.length);
}

/** How far the mean of m of the n rows typically lies from the mean g of them all, in lengths of g: |row - g| / sqrt(m), drawn without
 *  putting back. @param {Numbers} rows @param {Float64Array} g @param {number} m */
export function noise(rows, g, m) {
  const n = rows.length / g.length;
  if (n < 2) return 0;
  let squares = 0;
  for (let q = 0; q < rows.length; q++) squares += (rows[q] - g[q % g.length]) ** 2;
  return Math.sqrt(((squares / n) * (n - m)) / (n - 1) / m) / Math.hypot(...g);
}

/** (value - mean) / deviation, column by column, with the population's deviation. @param {Numbers} raw @param {number} width */
export function standardised(raw, width) {
  const values = Float64Array.from(raw), all = Uint32Array.from({ length: raw.length / width }, (_, p) => p);
  const mean = meanOfRows(values, width, all);
  const spread = meanOfRows(values.map((value, q) => (value - mean[q % width]) ** 2), width, all).map(Math.sqrt);
  return { values: values.map((value, q) => (value - mean[q % width]) / spread[q % width]), mean, deviation: spread };
}
