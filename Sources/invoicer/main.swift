import Services

await ServiceProgram.main(.invoicer)
