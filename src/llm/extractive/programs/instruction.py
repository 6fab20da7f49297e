FINAL(llm_query(context[:400_000]))
