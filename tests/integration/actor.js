// The actor (actor.c) for agents that are node programs: the same messages, less the flags d and u, and
//     REPLY title TEXT      process.title, which node writes over its arguments
// import() because the script may have to be called .js or .mjs.
Promise.all([import('child_process'), import('fs')]).then(([{ spawn, execFileSync }, fs]) => {
  const path = `${process.env.ACTOR_DIR}/${process.pid}`
  const buffer = Buffer.alloc(4096)

  const run = (flags, exe, count, ...words) => {
    const env = Object.fromEntries(words.splice(0, Number(count)).map(pair => pair.split(/=(.*)/s, 2)))
    const [argv0, ...args] = words
    return spawn(exe, args, { argv0, env, detached: flags.includes('s'), stdio: 'ignore' }).pid
  }

  const obey = ([reply, verb, ...words]) => {
    if (verb === 'title') process.title = words[0]
    fs.writeFileSync(reply, String(verb === 'spawn' ? run(...words) : process.pid))
  }

  execFileSync('mkfifo', [path])
  const fd = fs.openSync(path, 'r+')
  const listen = () => fs.read(fd, buffer, 0, buffer.length, null, (error, length) => {
    obey(buffer.toString('utf8', 0, length).split('\0').slice(0, -1))
    listen()
  })
  listen()
})
