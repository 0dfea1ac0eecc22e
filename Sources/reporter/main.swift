import Services

await ServiceProgram.main(.reporter)
