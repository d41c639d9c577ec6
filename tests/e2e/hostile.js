// Shows payloads in every place of a view that a model can write to, whole or cut in two, and in raw HTML for comparison.
// Belongs here: the places, the cuts, the look at the page after each. Does not belong here: the network and script that runs
// (`canary.py`, `effects.js`), which payloads and what must be (`test_inert.py`).

// Frames are drawn when this file says so: the work of hundreds of frames shall not take as many sixtieths of a second.
const waiting = []
const frames = globalThis.requestAnimationFrame.bind(globalThis)
globalThis.requestAnimationFrame = (job) => waiting.push(job)
globalThis.cancelAnimationFrame = () => undefined
const paint = () => {
  for (const job of waiting.splice(0)) job(performance.now())
}
/** Let the page load, lay out and run what it will. */
const rest = () => new Promise((done) => frames(() => setTimeout(done)))

await import('/stage.js')
const { stage } = globalThis

// As JupyterLab's command linker: a click on an element with this attribute runs a command, wherever it comes from.
document.body.addEventListener('click', (event) => {
  const found = event.target.closest?.('[data-commandlinker-command]')
  if (found) globalThis.canary.push({ what: `command ${found.dataset.commandlinkerCommand}`, payload: undefined })
})

/** A payload inside of JSON, as the arguments of a tool hold it. */
const json = (text) => JSON.stringify({ [text]: text, list: [text, { text }] })

/** Where a model can put text: the kind of a section, its meta, its text. */
const PLACES = [
  (p) => ['content', {}, p],
  (p) => [
    'content',
    {},
    `[a](${p}) ![b](<${p}> "${p}") <${p}> [${p}](${p}) [r]\n\n[r]: ${p}\n\n\`\`\`${p}\n${p}\n\`\`\`\n\n\`${p}\` **${p}** $${p}$`,
  ],
  (p) => ['thinking', {}, p],
  (p) => ['tool', { name: p, id: p, state: 'input' }, p],
  (p) => ['tool', { name: 'f', state: 'ask', approval: p, asked: json(p) }, json(p)],
  (p) => ['result', { name: p, state: 'bad' }, p],
  (p) => ['result', {}, json(p)],
  (p) => ['source', { title: p, quote: p }, p],
  (p) => ['file', { name: p, url: p, media_type: p, data: p }, p],
  (p) => ['file', { media_type: 'image/png', url: p }, p],
  (p) => ['object', { name: p }, json(p)],
  (p) => ['error', { code: p, hint: p }, p],
  (p) => [p || 'x', { state: p, refusal: p }, p],
]
const SHAPED = [
  (p) => [
    'content',
    { refusal: true },
    `before ${p} after\n\n> ${p}\n\n- ${p}\n\n# ${p}\n\n| a |\n|---|\n| ${p} |\n\n$$${p}$$ \\(${p}\\)\n\n~~~mermaid ${p}\n${p}`,
  ],
]

/** Where text grows; names and the like come whole. */
const CUT = [...PLACES.slice(0, 7), PLACES[10], PLACES[11], PLACES[12]]
// What no view is made of, whatever stands in it.
const FOREIGN =
  'script, iframe, frame, object, embed, form, input, base, meta, link, video, audio, [id], [name], [style]:not(math, math *), ' +
  '[src]:not([src^="data:image/png;"], [src^="data:image/jpeg;"], [src^="data:image/gif;"], [src^="data:image/webp;"])'

/** A text longer than this is cut at so many places. */
const LONG = 3200
const PER_VIEW = 100

const found = []
let count = 0

class Shown {
  constructor() {
    this.key = `p${++count}`
    this.seq = 0
  }
  tell(...events) {
    const from = this.seq + 1
    this.seq += events.length
    stage.tell(this.key, { type: 'frame', v: 1, run: this.key, from, to: this.seq, events })
    paint()
  }
  get root() {
    return document.querySelector('.view:last-child').shadowRoot
  }
  look(payload) {
    const parts = [...this.root.querySelectorAll(FOREIGN)].map((element) => element.outerHTML.slice(0, 200))
    for (const part of parts) found.push({ what: `made ${part}`, payload })
    const probe = document.elementFromPoint(4, 4)
    if (probe?.className !== 'probe') found.push({ what: `covered by ${probe?.localName}`, payload })
  }
}

async function shown(work) {
  const view = new Shown()
  await stage.open(view.key)
  try {
    await work(view)
  } finally {
    stage.close(view.key)
  }
}

/** What a reader, or the browser, may do to an element sooner or later: a click, a movement, whatever it says it listens to. */
function touch(elements) {
  for (const element of elements) {
    for (const name of ['mouseover', 'click']) {
      element.dispatchEvent(new MouseEvent(name, { bubbles: true, composed: true, cancelable: true }))
    }
    for (const { name } of element.attributes) {
      if (name.startsWith('on')) element.dispatchEvent(new Event(name.slice(2), { bubbles: true, composed: true }))
    }
  }
}

const opened = ([kind, meta], at) => ({ op: 'open', kind, meta: { ...meta, choice: at % 2 } })
const meta = (p) => ({ op: 'note', meta: { model: p, title: p, prompt: p, finish_reason: p, phase: p, refusal: p, demo: true } })

/** A view of the payloads, each in every place, looked at while it is written, when it is whole and opened, and clicked upon. */
async function whole(payloads) {
  await shown(async (view) => {
    const places = payloads.flatMap(({ text }) => [...PLACES, ...SHAPED].map((place) => place(text)))
    for (const { text } of payloads) view.tell(meta(text))
    view.tell(...places.map(opened), ...places.map(([, , body], at) => ({ op: 'append', at, text: body })))
    await rest()
    const last = payloads.at(-1).text
    view.tell({ op: 'end', status: 'error', reason: last, error: { code: last, message: last, hint: last } })
    for (const toggle of view.root.querySelectorAll('[aria-expanded=false]')) toggle.click()
    await rest()
    view.look(last)
    touch(view.root.querySelectorAll('[data-part=body] :not(a, a *, button, button *)'))
  })
}

/** The positions of a text of `length` characters: all, or of a very long one so many, evenly spread. */
function positions(length) {
  const step = length > LONG ? length / LONG : 1
  return Array.from({ length: Math.floor((length - 1) / step) }, (_, number) => Math.floor((number + 1) * step))
}

/** Sections of a payload that is cut at `at`: how they open, what they begin with, what comes then. */
function* halves(text, at) {
  const head = [...text].slice(0, at).join('')
  for (const place of CUT) {
    const [kind, meta, all] = place(text)
    // As it stands when so much of the payload has come, and nothing of what follows it in this place.
    const before = place(`${head}\0`)[2].split('\0')[0].replace(/\\u0000.*$/s, '')
    yield { kind, meta, before, after: all.startsWith(before) ? all.slice(before.length) : all }
  }
}

/**
 * Each payload cut in two at every position, in every place, painted before the rest comes and after. Returns how many cuts.
 * Nothing of it is laid out, which would take most of the time: what is fetched or run does not wait for that.
 */
async function cut(payloads) {
  let cuts = 0
  document.querySelector('#stage').hidden = true
  for (const { id, text } of payloads) {
    const all = positions([...text].length)
    for (let from = 0; from < all.length; from += PER_VIEW) {
      const some = all.slice(from, from + PER_VIEW)
      cuts += some.length
      await shown(async (view) => {
        const sections = some.flatMap((at) => [...halves(text, at)])
        const open = ({ kind, meta }, at) => opened([kind, meta], at)
        view.tell(...sections.map(open), ...sections.map(({ before }, at) => ({ op: 'append', at, text: before })))
        await rest()
        const rests = ({ after }, at) => [{ op: 'append', at, text: after }, { op: 'close', at }]
        view.tell(...sections.flatMap(rests))
        await rest()
        view.look(id)
      })
    }
  }
  document.querySelector('#stage').hidden = false
  return cuts
}

/** The same payloads as HTML: what this page hears where nothing holds them back. Returns which of the first ones did something. */
async function raw(payloads, enough) {
  const fired = new Set()
  // A page that opens another one is drawn no more.
  addEventListener('click', (event) => {
    if (!String(event.target.closest('a, area')?.href).startsWith('javascript:')) event.preventDefault()
  })
  for (let from = 0; from < payloads.length && fired.size < enough; from += 50) {
    const hosts = payloads.slice(from, from + 50).map(({ id, text }) => {
      const host = document.createElement('div')
      host.dataset.payload = id
      host.innerHTML = text
      return host
    })
    document.body.append(...hosts)
    // Until what was asked for has failed to come.
    for (let frame = 0; frame < 5; frame++) await rest()
    for (const host of hosts) {
      globalThis.touched = host.dataset.payload
      touch(host.querySelectorAll('*'))
      await new Promise((done) => setTimeout(done))
    }
    globalThis.touched = undefined
    for (const host of hosts) host.remove()
    for (const { payload } of globalThis.canary.splice(0)) if (payload !== undefined) fired.add(payload)
  }
  return [...fired]
}

function effects() {
  return [...globalThis.canary.splice(0), ...found.splice(0)].map(({ what, payload }) => `${what} (${payload ?? '?'})`)
}

globalThis.hostile = { whole, cut, raw, effects }
