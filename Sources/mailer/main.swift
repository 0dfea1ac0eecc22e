import Pipeline

await ServiceProgram.main(.mailer)
