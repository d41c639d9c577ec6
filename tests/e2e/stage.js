// A host without a kernel: the bundle's two entry points, and models whose messages the test writes and reads.
// Belongs here: what a host is to a view. Does not belong here: what is played (`states.py`), the page (`stage.py`).

const { default: widget } = await import('/widget.js')

class Signal {
  #slots = new Set()
  connect(slot) {
    this.#slots.add(slot)
  }
  disconnect(slot) {
    this.#slots.delete(slot)
  }
  emit(value) {
    for (const slot of [...this.#slots]) slot(this, value)
  }
}

class Model {
  sent = []
  #listeners = new Map()

  constructor(traits) {
    this.traits = traits
    this.widget_manager = { kernel: { connectionStatus: 'connected', connectionStatusChanged: new Signal() } }
  }
  get(name) {
    return this.traits[name]
  }
  on(name, callback) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set())
    this.#listeners.get(name).add(callback)
  }
  off(name, callback) {
    this.#listeners.get(name)?.delete(callback)
  }
  send(message) {
    this.sent.push(message)
    if (message.type === 'part') void this.#give(message.name)
    if (message.type === 'hello') queueMicrotask(() => this.emit('msg:custom', { type: 'welcome', run: message.run }))
  }
  emit(name, message, buffers) {
    for (const callback of [...(this.#listeners.get(name) ?? [])]) callback(message, buffers)
  }
  /** A part of the front-end, where this host has any. */
  async #give(name) {
    const response = await fetch(`/part/${name}`)
    if (response.status === 200) this.emit('msg:custom', { type: 'part', name }, [new DataView(await response.arrayBuffer())])
  }
}

const shown = new Map()

globalThis.stage = {
  /** Show a new view under `key`, of `snapshot` where one is given. */
  async open(key, snapshot) {
    const model = new Model({ key, snapshot: snapshot ?? {} })
    const life = new AbortController()
    const visit = new AbortController()
    const el = document.createElement('div')
    el.className = 'view'
    document.querySelector('#stage').append(el)
    await widget.initialize({ model, signal: life.signal })
    await widget.render({ model, el, signal: visit.signal })
    shown.set(key, { model, life, visit, el })
  },
  tell(key, ...messages) {
    for (const message of messages) shown.get(key).model.emit('msg:custom', message)
  },
  sent: (key) => shown.get(key).model.sent,
  /** The line to the kernel is cut, or back. */
  line(key, status) {
    const { kernel } = shown.get(key).model.widget_manager
    kernel.connectionStatus = status
    kernel.connectionStatusChanged.emit(status)
  },
  /** The kernel has gone, the view stays. */
  lose: (key) => shown.get(key).life.abort(),
  close(key) {
    const { life, visit, el } = shown.get(key)
    visit.abort()
    life.abort()
    el.remove()
    shown.delete(key)
  },
}
