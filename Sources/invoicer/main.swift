import Pipeline

await ServiceProgram.main(.invoicer)
