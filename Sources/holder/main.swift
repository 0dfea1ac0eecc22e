import Services

await ServiceProgram.main(.holder)
